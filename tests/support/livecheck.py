"""Checks telemetry that was really emitted against the registry.

Whatever a test receives as OTLP goes through `LiveCheck.check`. In the scopes of otel-ml everything is checked: names,
types, members of enums, required attributes, units, instruments, boundaries. In the scopes of others only attributes
that begin with `ml.` are, and they do not count as emitted: tests write such telemetry by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from tests.support.livecheck_values import Attributes, has_type, instrument, is_member, mapping, plain, text
from tests.tools.semconv.registry import Attribute, Registry, Signal, load

Message: TypeAlias = (
    ExportTraceServiceRequest
    | ExportLogsServiceRequest
    | ExportMetricsServiceRequest
    | ResourceSpans
    | ResourceLogs
    | ResourceMetrics
)

OUR_SCOPE = re.compile(r"otel_ml($|\.)")
OUR_NAMESPACE = "ml."
_REQUESTS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


class Finding(NamedTuple):
    """One way in which something emitted differs from the registry."""

    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.detail}"


class LiveCheck:
    """Collects findings, and the names that it has seen.

    Attributes:
        emitted: what otel-ml emitted, as pairs of `span`, `metric`, `event` or `attribute` and the registry's name.
    """

    def __init__(self, registry: Registry | None = None) -> None:
        self.registry = load() if registry is None else registry
        self.emitted: set[tuple[str, str]] = set()
        self._findings: dict[Finding, int] = {}

    @property
    def findings(self) -> list[Finding]:
        """Every finding once, in the order of their first occurrence."""
        return list(self._findings)

    def report(self, limit: int = 25) -> str:
        """The findings for a person, with how often each occurred."""
        lines = [f"  {finding} ({count}x)" for finding, count in list(self._findings.items())[:limit]]
        if len(self._findings) > limit:
            lines.append(f"  … and {len(self._findings) - limit} more")
        return "\n".join(["telemetry differs from the registry of the ml.* conventions:", *lines])

    def check_bytes(self, signal: Literal["traces", "logs", "metrics"], body: bytes) -> None:
        """Checks the body of an OTLP/protobuf export request."""
        message = _REQUESTS[signal]()
        message.ParseFromString(body)
        self.check(message)

    def check(self, message: Message) -> None:
        """Checks one OTLP message: an export request, or the part of it that belongs to one resource."""
        match message:
            case ExportTraceServiceRequest():
                for spans in message.resource_spans:
                    self.check(spans)
            case ExportLogsServiceRequest():
                for logs in message.resource_logs:
                    self.check(logs)
            case ExportMetricsServiceRequest():
                for metrics in message.resource_metrics:
                    self.check(metrics)
            case ResourceSpans():
                self._foreign("resource", message.resource.attributes)
                for scope_spans in message.scope_spans:
                    ours = self._scope(scope_spans.scope)
                    for span in scope_spans.spans:
                        self._span(span, ours)
            case ResourceLogs():
                self._foreign("resource", message.resource.attributes)
                for scope_logs in message.scope_logs:
                    ours = self._scope(scope_logs.scope)
                    for record in scope_logs.log_records:
                        self._log(record, ours)
            case ResourceMetrics():
                self._foreign("resource", message.resource.attributes)
                for scope_metrics in message.scope_metrics:
                    ours = self._scope(scope_metrics.scope)
                    for metric in scope_metrics.metrics:
                        self._metric(metric, ours)

    def _scope(self, scope: InstrumentationScope) -> bool:
        self._foreign(f"scope {scope.name}", scope.attributes)
        return OUR_SCOPE.match(scope.name) is not None

    def _span(self, span: Span, ours: bool) -> None:
        where = f"span {span.name!r}"
        if not ours:
            self._foreign(where, span.attributes)
            return
        kind = Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
        definition = next((known for known in self.registry.spans.values() if known.kind == kind), None)
        if definition is None:
            self._find("span_kind", where, f"no span of kind {kind} is defined")
            return
        self.emitted.add(("span", definition.name))
        attributes = mapping(span.attributes)
        self._attributes(where, definition, attributes)
        name = re.sub(r"{([^}]+)}", lambda field: text(attributes, field[1]), definition.span_name)
        if span.name != name:
            self._find("span_name", where, f"should be {name!r}")
        failed = span.status.code == Status.STATUS_CODE_ERROR
        if span.status.code == Status.STATUS_CODE_OK:
            self._find("span_status", where, "is OK; it stays unset on success")
        for key, ref in definition.refs.items():
            if ref.rules.get("exactly_when") == "failed" and (key in attributes) != failed:
                self._find("failure", where, f"{key} must be there exactly when the status is ERROR")
        for event in span.events:
            self._find("unknown_span_event", where, f"{event.name} is not in the registry")

    def _log(self, record: LogRecord, ours: bool) -> None:
        # Our own modules also write ordinary log lines, which have a body and no event name.
        if not ours or (not record.event_name and record.HasField("body")):
            self._foreign(f"log record {record.event_name!r}", record.attributes)
            return
        where = f"event {record.event_name!r}"
        definition = self.registry.events.get(record.event_name)
        if definition is None:
            self._find("unknown_event", where, "is not in the registry")
            return
        self.emitted.add(("event", definition.name))
        self._attributes(where, definition, mapping(record.attributes))
        severity = SeverityNumber.Name(record.severity_number).removeprefix("SEVERITY_NUMBER_")
        if severity != definition.severity:
            self._find("severity", where, f"is {severity}, should be {definition.severity}")
        if definition.in_span and not (any(record.trace_id) and any(record.span_id)):
            self._find("no_span_context", where, "has no trace id and span id")
        if not record.time_unix_nano:
            self._find("no_time", where, "has no timestamp")

    def _metric(self, metric: Metric, ours: bool) -> None:
        where = f"metric {metric.name!r}"
        data = metric.WhichOneof("data")
        points = getattr(metric, data).data_points if data else ()
        if not ours:
            for point in points:
                self._foreign(where, point.attributes, metric=True)
            return
        definition = self.registry.metrics.get(metric.name)
        if definition is None:
            self._find("unknown_metric", where, "is not in the registry")
            return
        self.emitted.add(("metric", definition.name))
        if metric.unit != definition.unit:
            self._find("unit", where, f"is {metric.unit!r}, should be {definition.unit!r}")
        kind = instrument(metric)
        if kind != definition.instrument:
            self._find("instrument", where, f"is a {kind}, should be a {definition.instrument}")
        for point in points:
            self._attributes(where, definition, mapping(point.attributes), metric=True)
            if data == "histogram" and tuple(point.explicit_bounds) != definition.boundaries:
                self._find("boundaries", where, f"are {list(point.explicit_bounds)}")

    def _attributes(self, where: str, definition: Signal, attributes: Attributes, *, metric: bool = False) -> None:
        for key, value in attributes.items():
            attribute = self._attribute(where, key, value, metric=metric)
            if attribute is None:
                continue
            self.emitted.add(("attribute", attribute.name))
            ref = definition.refs.get(attribute.key)
            if ref is None:
                self._find("unexpected_attribute", where, f"{key} is not defined for {definition.name}")
                continue
            if "never" in ref.rules and plain(value) == ref.rules["never"]:
                self._find("pointless_value", where, f"{key} is left out when it is {ref.rules['never']}")
            if ref.rules.get("only") == "single_row" and "ml.batch.size" in attributes:
                self._find("batch_payload", where, f"{key} is only for a single row")
        for key, ref in definition.refs.items():
            condition = ref.rules.get("required_when", {})
            due = ref.level == "required" or any(text(attributes, other) == value for other, value in condition.items())
            if due and key not in attributes:
                self._find("missing_attribute", where, f"{key} is required")

    def _foreign(self, where: str, attributes: Iterable[KeyValue], *, metric: bool = False) -> None:
        for pair in attributes:
            if pair.key.startswith(OUR_NAMESPACE):
                self._attribute(where, pair.key, pair.value, metric=metric)

    def _attribute(self, where: str, key: str, value: AnyValue, *, metric: bool) -> Attribute | None:
        attribute = self.registry.attribute(key)
        if attribute is None:
            self._find("unknown_attribute", where, f"{key} is not in the registry")
            return None
        if metric and attribute.high_cardinality:
            self._find("high_cardinality", where, f"{key} must not be on a metric")
        if not has_type(value, attribute.type):
            self._find("type", where, f"{key} is {value.WhichOneof('value')}, should be {attribute.type}")
        elif attribute.members and not is_member(value.string_value, attribute):
            self._find("enum", where, f"{key} is {value.string_value!r}")
        return attribute

    def _find(self, rule: str, where: str, detail: str) -> None:
        finding = Finding(rule, where, detail)
        self._findings[finding] = self._findings.get(finding, 0) + 1


def missing_names(registry: Registry, emitted: set[tuple[str, str]], *, later: bool) -> dict[str, list[str]]:
    """Names of the registry that nobody has emitted, by kind: those for later, or those to be emitted now."""
    names: dict[str, list[tuple[str, bool]]] = {
        "span": [(span.name, span.later) for span in registry.spans.values()],
        "metric": [(metric.name, metric.later) for metric in registry.metrics.values()],
        "event": [(event.name, event.later) for event in registry.events.values()],
        "attribute": [(attribute.name, attribute.later) for attribute in registry.attributes.values()],
    }
    return {
        kind: [name for name, is_later in entries if is_later == later and (kind, name) not in emitted]
        for kind, entries in names.items()
    }

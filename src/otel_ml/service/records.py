"""OTLP messages as plain, immutable Python records: one for a span, a log record, a metric point."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Attributes = Mapping[str, Any]
"""Values are str, bool, int, float, list, dict, None, or a base64 str for bytes."""

_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_STATUS = ("unset", "ok", "error")
_TEMPORALITY = ("", "delta", "cumulative")
_SAMPLED = 1


@dataclass(frozen=True)
class Source:
    """Where telemetry comes from: the resource, and the instrumentation scope."""

    resource: Attributes
    scope: str

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for equal sources, and hashable."""
        return (self.scope, attributes_key(self.resource))


@dataclass(frozen=True, slots=True)
class Span:
    """A span. Ids are lower-case hex, empty when absent; times are nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    start: int
    end: int
    status: str
    attributes: Attributes
    source: Source

    @property
    def seconds(self) -> float:
        """How long it took; a clock that went back gives 0."""
        return max(0, self.end - self.start) / 1e9


@dataclass(frozen=True, slots=True)
class Log:
    """A log record; an event when it has a name.

    `time` is when it happened, which for a prediction may be long ago; `observed` is when it was recorded. `sampled`
    tells whether the spans of its trace are exported too.
    """

    event: str
    trace_id: str
    span_id: str
    sampled: bool
    time: int
    observed: int
    severity: str
    body: Any
    attributes: Attributes
    source: Source


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A measurement behind a metric point, with the span it was made in."""

    trace_id: str
    span_id: str
    value: float
    time: int


@dataclass(frozen=True, slots=True)
class Point:
    """A data point. Sums and gauges have a value; histograms have count, total and buckets.

    `buckets` has one entry more than `bounds`; both are empty for an exponential histogram, whose count is known.
    """

    metric: str
    kind: str
    unit: str
    temporality: str
    attributes: Attributes
    start: int
    time: int
    value: float | None
    count: int
    total: float
    bounds: tuple[float, ...]
    buckets: tuple[int, ...]
    exemplars: tuple[Exemplar, ...]
    source: Source

    @property
    def series(self) -> tuple[object, ...]:
        """Identifies the time series. A restarted process counts from zero: its start time makes a new series."""
        return (self.metric, self.start, attributes_key(self.attributes), self.source.key)


def read_spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span of a message, in its order."""
    for source, spans in _sources(request.resource_spans, "scope_spans", "spans"):
        for span in spans:
            yield Span(
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                name=span.name,
                kind=_named(_KINDS, span.kind),
                start=span.start_time_unix_nano,
                end=span.end_time_unix_nano,
                status=_named(_STATUS, span.status.code),
                attributes=read_attributes(span.attributes),
                source=source,
            )


def read_logs(request: ExportLogsServiceRequest) -> Iterator[Log]:
    """Every log record of a message, in its order."""
    for source, logs in _sources(request.resource_logs, "scope_logs", "log_records"):
        for log in logs:
            yield Log(
                event=log.event_name,
                trace_id=log.trace_id.hex(),
                span_id=log.span_id.hex(),
                sampled=bool(log.flags & _SAMPLED),
                time=log.time_unix_nano or log.observed_time_unix_nano,
                observed=log.observed_time_unix_nano or log.time_unix_nano,
                severity=log.severity_text,
                body=read_value(log.body),
                attributes=read_attributes(log.attributes),
                source=source,
            )


def read_points(request: ExportMetricsServiceRequest) -> Iterator[Point]:
    """Every data point of a message, in its order; summaries, which OpenTelemetry no longer emits, are left out."""
    for source, metrics in _sources(request.resource_metrics, "scope_metrics", "metrics"):
        for metric in metrics:
            kind = metric.WhichOneof("data")
            if kind is None or kind == "summary":
                continue
            data = getattr(metric, kind)
            for point in data.data_points:
                yield _point(metric, kind, data, point, source)


def read_attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    """The attributes as a dict; of a key that comes twice the last value holds."""
    return {pair.key: read_value(pair.value) for pair in pairs}


def read_value(value: Any) -> Any:
    """An AnyValue as a plain Python value. The decoder limits the depth of nesting to 100."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [read_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return read_attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)


def attributes_key(attributes: Attributes) -> tuple[tuple[str, object], ...]:
    """A hashable equal for equal attributes in any order. Unlike in Python, 1, 1.0 and True differ."""
    return tuple(
        (key, value if isinstance(value, str) else (type(value).__name__, repr(value)))
        for key, value in sorted(attributes.items())
    )


def _point(metric: Any, kind: str, data: Any, point: Any, source: Source) -> Point:
    number = kind in ("sum", "gauge")
    value = None
    if number:
        value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
    explicit = kind == "histogram"
    return Point(
        metric=metric.name,
        kind=kind,
        unit=metric.unit,
        temporality="" if kind == "gauge" else _named(_TEMPORALITY, data.aggregation_temporality),
        attributes=read_attributes(point.attributes),
        start=point.start_time_unix_nano,
        time=point.time_unix_nano,
        value=value,
        count=0 if number else point.count,
        total=0.0 if number else point.sum,
        bounds=tuple(point.explicit_bounds) if explicit else (),
        buckets=tuple(point.bucket_counts) if explicit else (),
        exemplars=tuple(_exemplar(exemplar) for exemplar in point.exemplars),
        source=source,
    )


def _exemplar(exemplar: Any) -> Exemplar:
    value = exemplar.as_int if exemplar.WhichOneof("value") == "as_int" else exemplar.as_double
    return Exemplar(
        trace_id=exemplar.trace_id.hex(),
        span_id=exemplar.span_id.hex(),
        value=value,
        time=exemplar.time_unix_nano,
    )


def _sources(resources: Iterable[Any], scopes: str, items: str) -> Iterator[tuple[Source, Iterable[Any]]]:
    for resource in resources:
        attributes = read_attributes(resource.resource.attributes)
        for scope in getattr(resource, scopes):
            yield Source(attributes, scope.scope.name), getattr(scope, items)


def _named(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]

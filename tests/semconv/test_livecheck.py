"""The live check accepts what follows the registry and names each way of breaking it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from tests.semconv.messages import CALL, MODEL, ROW, counter, event, gauge, histogram, pairs, span, wrap
from tests.support.livecheck import LiveCheck, missing_names
from tests.tools.semconv.registry import load

REGISTRY = load()
BIN = {**MODEL, "ml.feature.name": "age", "ml.feature.bin": "null"}
BATCH = {**CALL, "ml.prediction.id": "a", "ml.batch.size": 20, "ml.feature.count": 3, "ml.feature.null.count": 4}
FAILED = {**CALL, "ml.prediction.id": "a", "error.type": "ValueError"}
DRIFT = {
    **MODEL,
    "ml.baseline.id": "9f2c",
    "ml.drift.method": "psi",
    "ml.drift.subject": "feature",
    "ml.drift.reader": "process",
    "ml.feature.name": "age",
}


def failed_span() -> Span:
    message = span(FAILED)
    message.status.code = Status.STATUS_CODE_ERROR
    return message


def rules(message: Span | LogRecord | Metric, scope: str = "otel_ml") -> list[str]:
    check = LiveCheck(REGISTRY)
    check.check(wrap(message, scope))
    return [finding.rule for finding in check.findings]


def change(message: Span | LogRecord | Metric, **fields: object) -> Span | LogRecord | Metric:
    for name, new in fields.items():
        setattr(message, name, new)
    return message


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(span(), id="row"),
        pytest.param(span(BATCH), id="batch"),
        pytest.param(failed_span(), id="failed call"),
        pytest.param(span({**ROW, "ml.segment.plan": "gold", "user.id": "u", "tenant.id": "t"}), id="caller"),
        pytest.param(span({**ROW, "ml.output.class_score.yes": 0.9, "ml.output.values": [1.0, 2.0]}), id="outputs"),
        pytest.param(event(), id="event"),
        pytest.param(event({**ROW, "ml.event.weight": 2.5, "ml.feature.dropped.count": 3}), id="sampled event"),
        pytest.param(event({**MODEL, "ml.library.serving.numpy": "2.3"}, name="ml.model.loaded"), id="loaded"),
        pytest.param(counter({**CALL, "ml.output.label": "yes"}), id="counter"),
        pytest.param(counter(BIN, name="ml.feature.observations", unit="{observation}"), id="reserved bin"),
        pytest.param(
            counter({**BIN, "ml.feature.bin": "07"}, name="ml.feature.observations", unit="{observation}"), id="bin"
        ),
        pytest.param(gauge({**MODEL, "ml.feature.name": "age"}, name="ml.feature.null.ratio"), id="gauge"),
        pytest.param(gauge(DRIFT, name="ml.drift.score", unit="{score}"), id="drift"),
        pytest.param(histogram(), id="histogram"),
        pytest.param(histogram({**CALL, "error.type": "ValueError", "ml.worker": 1}), id="failed call's duration"),
    ],
)
def test_what_follows_the_registry_passes(message: Span | LogRecord | Metric) -> None:
    assert rules(message) == []


def without(attributes: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if name != key}


BROKEN: dict[str, tuple[str, Callable[[], Span | LogRecord | Metric]]] = {
    "attribute nobody defined": ("unknown_attribute", lambda: span({**ROW, "ml.model.nickname": "c"})),
    "attribute outside every namespace": ("unknown_attribute", lambda: span({**ROW, "color": "red"})),
    "template without a name": ("unknown_attribute", lambda: span({**ROW, "ml.feature.value": 1})),
    "attribute of another signal": ("unexpected_attribute", lambda: span({**ROW, "ml.drop.reason": "cap"})),
    "required attribute absent from a span": (
        "missing_attribute",
        lambda: span(without(dict(ROW), "ml.prediction.id")),
    ),
    "required attribute absent from an event": (
        "missing_attribute",
        lambda: event(without(dict(ROW), "ml.model.name")),
    ),
    "required attribute absent from a metric": ("missing_attribute", lambda: counter(MODEL)),
    "attribute that another one requires": (
        "missing_attribute",
        lambda: gauge(without(dict(DRIFT), "ml.feature.name"), name="ml.drift.score", unit="{score}"),
    ),
    "int for a double": ("type", lambda: span({**ROW, "ml.output.score": 1})),
    "string for an int": ("type", lambda: span({**ROW, "ml.feature.count": "3"})),
    "string for a list of strings": ("type", lambda: event({**ROW, "ml.feature.null.names": "income"})),
    "list of numbers for a list of strings": ("type", lambda: event({**ROW, "ml.feature.null.names": [1]})),
    "map for a feature's value": ("type", lambda: span({**ROW, "ml.feature.value.home": {"city": "Graz"}})),
    "null for a feature's value": ("type", lambda: span({**ROW, "ml.feature.value.home": None})),
    "unknown member of an enum": ("enum", lambda: event({**ROW, "ml.task.type": "guessing"})),
    "raw value for a bin": (
        "enum",
        lambda: counter({**BIN, "ml.feature.bin": "Graz"}, name="ml.feature.observations", unit="{observation}"),
    ),
    "batch size of one": ("pointless_value", lambda: span({**CALL, "ml.prediction.id": "a", "ml.batch.size": 1})),
    "nothing dropped": ("pointless_value", lambda: span({**ROW, "ml.feature.dropped.count": 0})),
    "weight of one": ("pointless_value", lambda: event({**ROW, "ml.event.weight": 1.0})),
    "feature value on a batch": ("batch_payload", lambda: span({**BATCH, "ml.feature.value.age": 42})),
    "output on a batch": ("batch_payload", lambda: span({**BATCH, "ml.output.label": "yes"})),
    "span of another name": ("span_name", lambda: span(name="churn")),
    "second server span": ("span_kind", lambda: change(span(), kind=Span.SPAN_KIND_SERVER)),
    "status OK": ("span_status", lambda: _status(span(), Status.STATUS_CODE_OK)),
    "status ERROR without a type": ("failure", lambda: _status(span(), Status.STATUS_CODE_ERROR)),
    "error type without status ERROR": ("failure", lambda: span(FAILED)),
    "exception as a span event": ("unknown_span_event", lambda: _span_event("exception")),
    "event nobody defined": ("unknown_event", lambda: event(name="ml.surprise")),
    "record with neither name nor body": ("unknown_event", lambda: event(name="")),
    "severity of an event": ("severity", lambda: change(event(), severity_number=SeverityNumber.SEVERITY_NUMBER_WARN)),
    "event without a trace": ("no_span_context", lambda: change(event(), trace_id=b"")),
    "event with a trace id of zeros": ("no_span_context", lambda: change(event(), trace_id=b"\0" * 16)),
    "event without a time": ("no_time", lambda: change(event(), time_unix_nano=0)),
    "metric nobody defined": ("unknown_metric", lambda: counter(CALL, name="ml.guesses")),
    "unit of a metric": ("unit", lambda: counter(CALL, unit="1")),
    "gauge for a counter": ("instrument", lambda: gauge(CALL, name="ml.predictions", unit="{prediction}")),
    "counter that may fall": ("instrument", lambda: _not_monotonic()),
    "metric without data": ("instrument", lambda: Metric(name="ml.predictions", unit="{prediction}")),
    "boundaries of a histogram": ("boundaries", lambda: _boundaries([0.1, 1.0])),
    "prediction id on a metric": ("high_cardinality", lambda: counter({**CALL, "ml.prediction.id": "a"})),
    "feature value on a metric": ("high_cardinality", lambda: counter({**CALL, "ml.feature.value.age": 42})),
    "series beyond the SDK's limit": ("unknown_attribute", lambda: counter({**CALL, "otel.metric.overflow": True})),
}


@pytest.mark.parametrize("case", BROKEN)
def test_each_way_of_breaking_it_is_found(case: str) -> None:
    rule, message = BROKEN[case]
    assert rule in rules(message())


def _status(message: Span, code: Status.StatusCode.ValueType) -> Span:
    message.status.code = code
    return message


def _span_event(name: str) -> Span:
    message = span()
    message.events.add(name=name)
    return message


def _not_monotonic() -> Metric:
    message = counter(CALL)
    message.sum.is_monotonic = False
    return message


def _boundaries(bounds: list[float]) -> Metric:
    message = histogram()
    del message.histogram.data_points[0].explicit_bounds[:]
    message.histogram.data_points[0].explicit_bounds.extend(bounds)
    return message


def test_a_finding_says_what_is_wrong_and_where() -> None:
    check = LiveCheck(REGISTRY)
    for _ in range(3):
        check.check(wrap(counter({**CALL, "ml.prediction.id": "a"})))
    assert "high_cardinality: metric 'ml.predictions': ml.prediction.id must not be on a metric (3x)" in check.report()


def test_the_report_of_many_findings_is_bounded() -> None:
    check = LiveCheck(REGISTRY)
    for number in range(100):
        check.check(wrap(span({**ROW, f"ml.strange.n{number}": 1})))
    assert len(check.report(limit=10).splitlines()) == 12
    assert "… and 90 more" in check.report(limit=10)


@pytest.mark.parametrize(
    "message",
    [
        span({"http.route": "/predict", "ml.prediction.id": "a"}, name="POST /predict"),
        event({"color": "red", "ml.model.name": "churn"}, name="order.placed"),
        counter({"color": "red"}, name="orders"),
    ],
    ids=["span", "event", "metric"],
)
def test_others_may_emit_what_they_like(message: Span | LogRecord | Metric) -> None:
    assert rules(message, scope="shop") == []


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (span({"ml.model.nickname": "c"}, name="POST /predict"), "unknown_attribute"),
        (event({"ml.feature.count": "three"}, name="order.placed"), "type"),
        (counter({"ml.prediction.id": "a"}, name="orders"), "high_cardinality"),
    ],
    ids=["span", "event", "metric"],
)
def test_ml_attributes_of_others_are_checked(message: Span | LogRecord | Metric, rule: str) -> None:
    assert rules(message, scope="shop") == [rule]


def test_ordinary_log_lines_of_our_own_modules_are_no_events() -> None:
    line = LogRecord(body=AnyValue(string_value="hello"), attributes=pairs({"code.lineno": 3}))
    assert rules(line, scope="otel_ml.guard") == []


def test_a_scope_that_only_begins_like_ours_is_not_ours() -> None:
    assert rules(counter({}, name="orders"), scope="otel_mlops") == []
    assert rules(counter({}, name="orders"), scope="otel_ml.sklearn") == ["unknown_metric"]


def test_attributes_of_scope_and_resource_are_checked() -> None:
    check = LiveCheck(REGISTRY)
    scope = InstrumentationScope(name="otel_ml", attributes=pairs({"ml.part": 1}))
    check.check(ResourceMetrics(scope_metrics=[ScopeMetrics(scope=scope)]))
    resource = ResourceSpans()
    resource.resource.attributes.extend(pairs({"ml.home": "here"}))
    check.check(resource)
    assert [finding.rule for finding in check.findings] == ["unknown_attribute", "unknown_attribute"]


def test_export_requests_are_read_from_their_bytes() -> None:
    check = LiveCheck(REGISTRY)
    spans, logs, metrics = wrap(span(name="x")), wrap(event(name="ml.x")), wrap(counter(CALL, unit="x"))
    check.check_bytes("traces", ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString())
    check.check_bytes("logs", ExportLogsServiceRequest(resource_logs=[logs]).SerializeToString())
    check.check_bytes("metrics", ExportMetricsServiceRequest(resource_metrics=[metrics]).SerializeToString())
    assert [finding.rule for finding in check.findings] == ["span_name", "unknown_event", "unit"]


def test_names_that_nobody_has_emitted_are_told_apart() -> None:
    now = missing_names(REGISTRY, set(), later=False)
    assert "ml.predictions" in now["metric"]
    assert "ml.model.quality" not in now["metric"]
    assert "ml.model.quality" in missing_names(REGISTRY, set(), later=True)["metric"]
    check = LiveCheck(REGISTRY)
    check.check(wrap(span()))
    check.check(wrap(counter(CALL)))
    still = missing_names(REGISTRY, check.emitted, later=False)
    assert set(now["span"]) - set(still["span"]) == {"ml.inference"}
    assert set(now["metric"]) - set(still["metric"]) == {"ml.predictions"}
    assert still["event"] == now["event"]
    assert set(now["attribute"]) - set(still["attribute"]) >= {"ml.feature.value.<name>", "ml.model.name"}

"""OTLP messages that follow the registry, for tests to break."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, overload

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from otel_ml.semconv import metrics as definitions

Plain: TypeAlias = object

MODEL: Mapping[str, Plain] = {"ml.model.name": "churn", "ml.model.version": "3"}
CALL: Mapping[str, Plain] = {"ml.operation.name": "predict", **MODEL}
ROW: Mapping[str, Plain] = {
    **CALL,
    "ml.prediction.id": "01932c07-7b3e-7c3a-9f51-3d1c2b9a4e10",
    "ml.feature.count": 3,
    "ml.feature.null.count": 1,
    "ml.feature.null.names": ["income"],
    "ml.feature.value.age": 42,
    "ml.feature.value.plan": "gold",
    "ml.output.label": "yes",
    "ml.output.score": 0.87,
}
CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def span(attributes: Mapping[str, Plain] = ROW, *, name: str = "predict churn") -> Span:
    return Span(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        attributes=pairs(attributes),
    )


def event(attributes: Mapping[str, Plain] = ROW, *, name: str = "ml.prediction") -> LogRecord:
    return LogRecord(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        time_unix_nano=1,
        event_name=name,
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        attributes=pairs(attributes),
    )


def counter(attributes: Mapping[str, Plain], *, name: str = "ml.predictions", unit: str = "{prediction}") -> Metric:
    point = NumberDataPoint(as_int=1, attributes=pairs(attributes))
    total = Sum(data_points=[point], is_monotonic=True, aggregation_temporality=CUMULATIVE)
    return Metric(name=name, unit=unit, sum=total)


def gauge(attributes: Mapping[str, Plain], *, name: str, unit: str = "1") -> Metric:
    point = NumberDataPoint(as_double=0.5, attributes=pairs(attributes))
    return Metric(name=name, unit=unit, gauge=Gauge(data_points=[point]))


def histogram(attributes: Mapping[str, Plain] = CALL) -> Metric:
    bounds = definitions.ML_INFERENCE_DURATION.boundaries or ()
    point = HistogramDataPoint(
        count=1, sum=0.01, bucket_counts=[0] * (len(bounds) + 1), explicit_bounds=bounds, attributes=pairs(attributes)
    )
    data = Histogram(data_points=[point], aggregation_temporality=CUMULATIVE)
    return Metric(name="ml.inference.duration", unit="s", histogram=data)


@overload
def wrap(message: Span, scope: str = ...) -> ResourceSpans: ...
@overload
def wrap(message: LogRecord, scope: str = ...) -> ResourceLogs: ...
@overload
def wrap(message: Metric, scope: str = ...) -> ResourceMetrics: ...
def wrap(message: Span | LogRecord | Metric, scope: str = "otel_ml") -> ResourceSpans | ResourceLogs | ResourceMetrics:
    by = InstrumentationScope(name=scope)
    match message:
        case Span():
            return ResourceSpans(scope_spans=[ScopeSpans(scope=by, spans=[message])])
        case LogRecord():
            return ResourceLogs(scope_logs=[ScopeLogs(scope=by, log_records=[message])])
        case Metric():
            return ResourceMetrics(scope_metrics=[ScopeMetrics(scope=by, metrics=[message])])


def pairs(attributes: Mapping[str, Plain]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value(plain)) for key, plain in attributes.items()]


def value(plain: Plain) -> AnyValue:
    match plain:
        case bool():
            return AnyValue(bool_value=plain)
        case int():
            return AnyValue(int_value=plain)
        case float():
            return AnyValue(double_value=plain)
        case str():
            return AnyValue(string_value=plain)
        case list():
            return AnyValue(array_value=ArrayValue(values=[value(item) for item in plain]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=pairs(plain)))
        case None:
            return AnyValue()
    raise TypeError(type(plain).__name__)

"""OTLP messages as records."""

from __future__ import annotations

import base64
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from otel_ml.service.records import attributes_key, read_attributes, read_logs, read_points, read_spans, read_value

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | text
    | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


def encode(value: Any) -> AnyValue:
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=map(encode, value)))
        case _:
            pairs = [KeyValue(key=key, value=encode(item)) for key, item in value.items()]
            return AnyValue(kvlist_value=KeyValueList(values=pairs))


def expected(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, dict):
        return {key: expected(item) for key, item in value.items()}
    return value


@given(plain)
def test_any_value_is_read_as_the_python_value_it_was(value: Any) -> None:
    found = read_value(AnyValue.FromString(encode(value).SerializeToString()))
    assert found == expected(value)
    assert type(found) is type(expected(value))


@given(st.dictionaries(text, plain, max_size=5))
def test_keys_of_attributes_are_hashable_and_do_not_depend_on_order(attributes: dict[str, Any]) -> None:
    read = read_attributes([KeyValue(key=key, value=encode(value)) for key, value in attributes.items()])
    turned = dict(reversed(read.items()))
    assert hash(attributes_key(read)) == hash(attributes_key(turned))
    assert attributes_key(read) == attributes_key(turned)


def test_keys_of_attributes_tell_types_apart() -> None:
    values: list[Any] = [1, 1.0, True, "1", [1], None]
    assert len({attributes_key({"a": value}) for value in values}) == len(values)


@settings(deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([ExportTraceServiceRequest, ExportLogsServiceRequest, ExportMetricsServiceRequest]),
)
def test_whatever_decodes_can_be_read(data: bytes, kind: Any) -> None:
    try:
        message = kind.FromString(data)
    except Exception:  # the receiver has refused it
        return
    read: Any = {ExportTraceServiceRequest: read_spans, ExportLogsServiceRequest: read_logs}.get(kind, read_points)
    list(read(message))


def test_reads_every_kind_of_metric_point() -> None:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "svc"
    scope = resource.scope_metrics.add()
    scope.scope.name = "scope"
    scope.metrics.add(name="g", unit="1").gauge.data_points.add(as_double=math.inf)
    total = scope.metrics.add(name="s").sum
    total.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    total.data_points.add(as_int=7, start_time_unix_nano=1, time_unix_nano=2)
    histogram = scope.metrics.add(name="h").histogram
    histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    point = histogram.data_points.add(count=3, sum=1.5, bucket_counts=[1, 2], explicit_bounds=[0.5])
    point.exemplars.add(trace_id=bytes(16), span_id=bytes(8), as_double=0.25, time_unix_nano=9)
    scope.metrics.add(name="e").exponential_histogram.data_points.add(count=4, sum=2.0)
    scope.metrics.add(name="old").summary.data_points.add(count=1)
    scope.metrics.add(name="empty")

    gauge, counter, explicit, exponential = read_points(request)
    assert (gauge.kind, gauge.value, gauge.temporality) == ("gauge", math.inf, "")
    assert (counter.kind, counter.value, counter.temporality) == ("sum", 7, "cumulative")
    assert (explicit.count, explicit.buckets, explicit.bounds) == (3, (1, 2), (0.5,))
    assert (explicit.value, explicit.temporality) == (None, "delta")
    assert [(e.trace_id, e.value, e.time) for e in explicit.exemplars] == [("0" * 32, 0.25, 9)]
    assert (exponential.count, exponential.buckets) == (4, ())
    assert gauge.source.resource == {"service.name": "svc"}
    assert gauge.source.scope == "scope"


def test_a_duration_is_never_negative() -> None:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(start_time_unix_nano=5, end_time_unix_nano=1)
    [span] = read_spans(request)
    assert span.seconds == 0

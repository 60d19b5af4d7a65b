"""What a plain OpenTelemetry service sends through the Collector can be found in the backends."""

import time
from datetime import datetime
from typing import TypeVar

import pytest
from opentelemetry.sdk.metrics.export import AggregationTemporality

from tests.backends.service import PlainService, plain_service
from tests.support.backends import Stack
from tests.support.loki import LogRecord
from tests.support.wait import PATIENCE, eventually

pytestmark = pytest.mark.backends

MICROSECOND = 1e-6
"""As exactly as the time of an event is written."""


T = TypeVar("T")


def events_of(stack: Stack, service: PlainService) -> list[LogRecord]:
    return stack.loki.query(f'{{service_name="{service.name}"}} | event_name="ml.prediction"')


def exactly(count: int, found: list[T]) -> list[T]:
    return found if len(found) == count else []


def calls_of(service: PlainService) -> str:
    return f'ml_inference_duration_seconds_count{{service_name="{service.name}"}}'


def test_a_span_keeps_its_attributes_and_its_parent_in_jaeger(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        sent = service.predict()
        service.flush()
        model, server = eventually(lambda: exactly(2, stack.jaeger.trace(sent.trace_id)))

    model, server = sorted((model, server), key=lambda span: span.kind)
    assert (server.name, server.kind, server.parent_id) == ("POST /predict", "server", None)
    assert (model.name, model.kind, model.parent_id) == ("predict churn", "internal", server.span_id)
    assert model.attributes["ml.prediction.id"] == sent.prediction_id
    assert model.attributes["ml.feature.value.age"] == 42
    assert model.resource["service.instance.id"] == service.instance


def test_a_trace_is_found_by_its_prediction_id(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        wanted, _ = service.predict(), service.predict()
        service.flush()
        tags = {"ml.prediction.id": wanted.prediction_id}
        [trace] = eventually(lambda: stack.jaeger.find(service.name, tags))

    assert {span.trace_id for span in trace} == {wanted.trace_id}


def test_an_event_keeps_its_name_and_its_trace_in_loki(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        sent = service.predict()
        service.flush()
        [event] = eventually(lambda: events_of(stack, service))

    assert event.event_name == "ml.prediction"
    assert event.trace_id == sent.trace_id
    assert event.metadata["ml_prediction_id"] == sent.prediction_id
    assert event.metadata["ml_output_label"] == "yes"
    assert event.metadata["service_instance_id"] == service.instance
    assert event.labels == {"service_name": service.name}


@pytest.mark.parametrize("age", [9 * 86_400, 7_200, -7_200], ids=["long ago", "two hours ago", "to come"])
def test_an_event_of_another_time_is_kept_with_its_time(stack: Stack, age: float) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        service.predict()
        service.flush()
        eventually(lambda: events_of(stack, service))
        began = time.time()
        sent = service.predict(age=age)
        ended = time.time()
        service.flush()
        _, event = eventually(lambda: exactly(2, events_of(stack, service)))

    assert event.metadata["ml_prediction_id"] == sent.prediction_id
    happened = datetime.fromisoformat(event.metadata["event_time"].replace("Z", "+00:00"))
    assert began - age - MICROSECOND <= happened.timestamp() <= ended - age + MICROSECOND


def test_instances_are_series_of_their_own_in_prometheus(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        service.predict()
        service.flush()
        [sample] = eventually(lambda: stack.prometheus.query(calls_of(service)))

    assert sample.value == 1
    assert sample.labels["service_instance_id"] == service.instance
    assert sample.labels["ml_model_name"] == "churn"


def test_an_exemplar_leads_to_a_trace_in_jaeger(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        sent = service.predict()
        service.flush()
        series = f'ml_inference_duration_seconds_bucket{{service_name="{service.name}"}}'
        [exemplar] = eventually(lambda: stack.prometheus.exemplars(series))

    assert exemplar.trace_id == sent.trace_id
    assert eventually(lambda: stack.jaeger.trace(exemplar.trace_id))


def test_delta_metrics_are_summed_up_for_prometheus(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url, temporality=AggregationTemporality.DELTA) as service:
        for _ in range(3):
            service.predict()
            service.flush()
        assert eventually(lambda: stack.prometheus.value(calls_of(service)) == 3)


def test_what_the_collector_has_sent_and_dropped_is_in_prometheus(stack: Stack) -> None:
    with plain_service(stack.collector.grpc_url) as service:
        service.predict()
        service.flush()

    sent = 'otelcol_exporter_sent_spans{exporter="otlp_grpc/jaeger"}'
    assert eventually(lambda: stack.prometheus.value(sent), timeout=2 * PATIENCE)
    assert stack.prometheus.query('otelcol_exporter_queue_size{exporter="otlp_http/loki"}')

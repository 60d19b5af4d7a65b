"""What the Collector has accepted is not lost: not while a backend is away, and not when the Collector is killed."""

from collections.abc import Sequence

import pytest
from tests.backends.service import PlainService, Sent, plain_service
from tests.support.backends import Stack
from tests.support.servers import Server
from tests.support.wait import eventually

pytestmark = pytest.mark.backends

CALLS = 20


def send(service: PlainService) -> list[Sent]:
    sent = [service.predict() for _ in range(CALLS)]
    service.flush()
    return sent


def traces_arrived(stack: Stack, sent: Sequence[Sent]) -> bool:
    return all(len(stack.jaeger.trace(one.trace_id)) == 2 for one in sent)


def events_arrived(stack: Stack, service: PlainService, sent: Sequence[Sent]) -> bool:
    found = stack.loki.query(f'{{service_name="{service.name}"}}')
    return sorted(event.metadata["ml_prediction_id"] for event in found) == sorted(one.prediction_id for one in sent)


def metrics_arrived(stack: Stack, service: PlainService, sent: Sequence[Sent]) -> bool:
    series = f'ml_inference_duration_seconds_count{{service_name="{service.name}"}}'
    return stack.prometheus.value(series) == len(sent)


@pytest.mark.parametrize("name", ["jaeger", "prometheus", "loki"])
def test_nothing_is_lost_while_a_backend_is_away_and_the_collector_crashes(stack: Stack, name: str) -> None:
    backend: Server = getattr(stack, name)
    with plain_service(stack.collector.grpc_url) as service:
        before = send(service)
        backend.kill()
        during = send(service)
        stack.collector.kill()
        stack.collector.start()
        after = send(service)
        backend.start()

        sent = [*before, *during, *after]
        eventually(lambda: traces_arrived(stack, sent), timeout=60)
        eventually(lambda: events_arrived(stack, service, sent), timeout=60)
        eventually(lambda: metrics_arrived(stack, service, sent), timeout=60)


def test_a_backend_that_is_away_does_not_delay_the_others(stack: Stack) -> None:
    stack.jaeger.stop()
    with plain_service(stack.collector.grpc_url) as service:
        sent = send(service)
        eventually(lambda: events_arrived(stack, service, sent))
        eventually(lambda: metrics_arrived(stack, service, sent))
        stack.jaeger.start()
        eventually(lambda: traces_arrived(stack, sent), timeout=60)


def test_the_collector_empties_its_queues_to_disk_when_it_is_stopped(stack: Stack) -> None:
    stack.loki.stop()
    with plain_service(stack.collector.grpc_url) as service:
        sent = send(service)
        stack.collector.stop()
        stack.loki.start()
        stack.collector.start()
        eventually(lambda: events_arrived(stack, service, sent), timeout=60)

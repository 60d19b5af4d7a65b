"""What the Collector has accepted is not lost: not while a backend is away, and not when the Collector is killed."""

import os
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from tests.backends.service import PlainService, Sent, plain_service
from tests.support.backends import Collector, Stack
from tests.support.servers import Server, free_port
from tests.support.wait import PATIENCE, eventually

pytestmark = [pytest.mark.backends, pytest.mark.timeout(900)]

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
        eventually(lambda: traces_arrived(stack, sent), timeout=2 * PATIENCE)
        eventually(lambda: events_arrived(stack, service, sent), timeout=2 * PATIENCE)
        eventually(lambda: metrics_arrived(stack, service, sent), timeout=2 * PATIENCE)


def test_a_backend_that_is_away_does_not_delay_the_others(stack: Stack) -> None:
    stack.jaeger.stop()
    with plain_service(stack.collector.grpc_url) as service:
        sent = send(service)
        eventually(lambda: events_arrived(stack, service, sent))
        eventually(lambda: metrics_arrived(stack, service, sent))
        stack.jaeger.start()
        eventually(lambda: traces_arrived(stack, sent), timeout=2 * PATIENCE)


def test_the_collector_empties_its_queues_to_disk_when_it_is_stopped(stack: Stack) -> None:
    stack.loki.stop()
    with plain_service(stack.collector.grpc_url) as service:
        sent = send(service)
        stack.collector.stop()
        stack.loki.start()
        stack.collector.start()
        eventually(lambda: events_arrived(stack, service, sent), timeout=2 * PATIENCE)


def test_what_a_full_queue_refuses_is_told_to_the_sender_and_counted(binaries: Path, tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    env = {
        "JAEGER_OTLP_ENDPOINT": nowhere,
        "PROMETHEUS_OTLP_URL": f"http://{nowhere}",
        "LOKI_OTLP_URL": f"http://{nowhere}",
        "COLLECTOR_QUEUE_BYTES": "524288",
    }
    collector = Collector(binaries, tmp_path / "collector", env=env)
    collector.start()
    try:
        statuses = [post_one_span(collector, size=300_000) for _ in range(2)]
        figures = httpx.get(collector.metrics_url, timeout=PATIENCE).text.splitlines()
    finally:
        collector.kill()
    assert statuses == [200, 503]  # which a sender may try again
    [refused] = [line for line in figures if line.startswith("otelcol_exporter_enqueue_failed_spans{")]
    assert float(refused.split()[-1]) == 1


def post_one_span(collector: Collector, *, size: int) -> int:
    span = Span(trace_id=os.urandom(16), span_id=os.urandom(8), name="x" * size)
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])])
    headers = {"Content-Type": "application/x-protobuf"}
    body = request.SerializeToString()
    return httpx.post(f"{collector.http_url}/v1/traces", content=body, headers=headers, timeout=PATIENCE).status_code

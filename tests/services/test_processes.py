"""Whole services under each server: what a client was told is in what they sent, also when they are ended under load."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.services.process import gunicorn, python, running, uvicorn
from tests.services.received import event_ids, model_spans, predictions, span_ids
from tests.support.otlp import OtlpSink, Protocol
from tests.support.servers import free_port
from tests.support.wait import eventually

ENOUGH = 40
MORE = 10_000_000

# gunicorn's worker of uvicorn does not end on SIGINT at all, with or without us
WAYS: dict[str, tuple[list[str], Protocol, signal.Signals]] = {
    "uvicorn": (uvicorn(), "grpc", signal.SIGTERM),
    "uvicorn on Ctrl-C": (uvicorn(), "http/protobuf", signal.SIGINT),
    "uvicorn without a lifespan": (uvicorn("plain", "--lifespan", "off"), "http/protobuf", signal.SIGTERM),
    "uvicorn with two workers": (uvicorn("plain", "--workers", "2"), "grpc", signal.SIGTERM),
    "gunicorn, preloaded": (gunicorn("plain", "--preload", "-w", "2"), "grpc", signal.SIGTERM),
    "gunicorn, preloaded, over HTTP": (gunicorn("plain", "--preload", "-w", "2"), "http/protobuf", signal.SIGTERM),
    "python, in code": (python("in_code"), "grpc", signal.SIGTERM),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_acknowledged_is_lost(way: str, otlp_sink: OtlpSink, tmp_path: Path) -> None:
    command, protocol, how = WAYS[way]
    with running(command, otlp_sink.env(protocol), tmp_path) as service:
        service.workers(2 if "2" in command else 1)  # one that is still starting would be ended in the midst of it
        with service.load(MORE):
            eventually(lambda: len(service.ids) >= ENOUGH, what=f"{ENOUGH} answers")
            service.end(how)
    acknowledged = Counter(service.ids)
    assert set(acknowledged.values()) == {1}
    assert len(acknowledged) < MORE, "it was not ended under load"
    spans, events = span_ids(otlp_sink), event_ids(otlp_sink)
    assert acknowledged <= events == spans, service.log_tail()
    assert predictions(otlp_sink) == spans.total()
    assert sum(point.count for point in otlp_sink.metric_points("ml.inference.duration")) == spans.total()
    servers = {span.span_id: span for span in otlp_sink.spans() if span.kind == "server"}
    assert all(servers[span.parent_id].trace_id == span.trace_id for span in model_spans(otlp_sink))
    assert "Traceback" not in service.log.read_text(), service.log_tail()


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_receiver_that_is_down_neither_fails_requests_nor_keeps_the_service_from_ending(
    protocol: str, tmp_path: Path
) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    with running(uvicorn("light"), env, tmp_path) as service:
        service.predict(ENOUGH)
        began = time.monotonic()
        service.end()
        assert time.monotonic() - began < 30, "what an orchestrator waits for"
    assert len(service.ids) == ENOUGH

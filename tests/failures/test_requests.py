"""Clients that go away in the midst of their request: its prediction ends, and the next request is one of its own."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

import otel_ml
from otel_ml import guard
from tests.services.serving import REQUEST_SECONDS, serving
from tests.support.telemetry import Telemetry
from tests.support.wait import eventually

Production = Callable[..., None]


def application() -> FastAPI:
    app = FastAPI()

    @otel_ml.observe(name="stream")
    async def steps(x: float) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000
            await asyncio.sleep(0.01)

    @otel_ml.observe(name="sync-stream")
    def sync_steps(x: float) -> Iterator[bytes]:
        while True:
            yield b"x" * 1_000
            time.sleep(0.01)

    @otel_ml.observe(name="slow")
    async def slow(x: float) -> float:
        await asyncio.sleep(0.3)
        return x

    @otel_ml.observe(name="slow")
    def slow_in_thread(x: float) -> float:
        time.sleep(0.3)
        return x

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(steps(1.0))

    @app.get("/sync-stream")
    def sync_stream() -> StreamingResponse:
        return StreamingResponse(sync_steps(1.0))

    @app.get("/slow")
    async def endpoint() -> float:
        return await slow(1.0)

    @app.get("/slow-in-thread")
    def sync_endpoint() -> float:
        return slow_in_thread(1.0)

    return app


@pytest.mark.parametrize("path", ["/stream", "/sync-stream", "/slow", "/slow-in-thread"])
def test_a_client_that_goes_away(
    path: str, telemetry: Telemetry, production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    app = application()
    production(app=app)
    name = f"predict {path.strip('/').removesuffix('-in-thread')}"
    with serving(app) as client:
        host, port = client.base_url.host, client.base_url.port
        assert port is not None
        for _ in range(5):
            with socket.create_connection((host, port), timeout=REQUEST_SECONDS) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                if "stream" in path:
                    assert connection.recv(100).startswith(b"HTTP/1.1 200")
                else:
                    time.sleep(0.05)
        eventually(lambda: len(telemetry.spans(name)) == 5, what="five ended spans")
        answer = httpx.get(f"{client.base_url}/slow", timeout=REQUEST_SECONDS)
    assert (answer.status_code, answer.json()) == (200, 1.0)
    assert answer.headers["ml-prediction-id"]
    spans = telemetry.spans(name)
    assert len({(span.attributes or {})["ml.prediction.id"] for span in spans}) == len(spans)
    assert all(span.parent is not None for span in spans)
    assert sum(point.value for point in telemetry.metric("ml.inference.active")) == 0
    assert "Failed to detach context" not in caplog.text
    assert guard.counts() == {}

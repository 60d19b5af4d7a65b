"""Bodies pass through as they come, in both directions: nothing of ours reads or holds one."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

import otel_ml
from tests.services.serving import serving
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
CHUNKS = 5
CHUNK = b"x" * 100_000
SECONDS = 50
"""Less than a client waits for an answer: then the test says where it went wrong."""


def test_an_upload_is_seen_chunk_by_chunk(telemetry: Telemetry, instrument: Instrument) -> None:
    seen: queue.Queue[int] = queue.Queue()
    app = FastAPI()

    @app.post("/")
    async def upload(request: Request) -> str | None:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size % len(CHUNK) == 0 and chunk:
                seen.put(size)
        with otel_ml.inference("churn") as call:
            call.output("stays")
        return call.id

    def body() -> Iterator[bytes]:
        for number in range(CHUNKS):
            yield CHUNK
            assert seen.get(timeout=SECONDS) == (number + 1) * len(CHUNK)  # the next is sent when this one was seen

    instrument()
    with serving(app) as client:
        response = client.post("/", content=body())
    assert response.headers["ml-prediction-id"] == response.json()


def test_a_response_is_received_chunk_by_chunk(telemetry: Telemetry, instrument: Instrument) -> None:
    received: queue.Queue[int] = queue.Queue()
    app = FastAPI()

    @app.get("/")
    def download() -> StreamingResponse:
        with otel_ml.inference("churn") as call:
            call.output("stays")

        def body() -> Iterator[bytes]:
            for number in range(CHUNKS):
                yield CHUNK
                assert received.get(timeout=SECONDS) == number + 1  # the next is made when this one was received

        return StreamingResponse(body())

    instrument()
    with serving(app) as client, client.stream("GET", "/") as response:
        assert "ml-prediction-id" in response.headers
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size % len(CHUNK) == 0:
                received.put(size // len(CHUNK))
    assert size == CHUNKS * len(CHUNK)

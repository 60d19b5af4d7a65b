"""Wherever a request's code runs, the model's span belongs to the request."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from websockets.sync.client import connect

import otel_ml
from tests.services.classifier import ROW
from tests.services.serving import serving
from tests.services.traces import ancestors, model_spans, server_spans
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]


class Rejected(Exception):
    pass


def application(model: Any) -> FastAPI:
    """One endpoint for each way in which code of a request can run."""
    pool = ThreadPoolExecutor(2)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        pool.shutdown()

    app = FastAPI(lifespan=lifespan)

    def predict() -> str:
        return str(model.predict(ROW)[0])

    @app.get("/sync")
    def sync() -> str:
        return predict()

    @app.get("/async")
    async def coroutine() -> str:
        return predict()

    @app.get("/run_in_threadpool")
    async def threadpool() -> str:
        return await run_in_threadpool(predict)

    @app.get("/run_in_executor")
    async def executor() -> str:
        return await asyncio.get_running_loop().run_in_executor(None, predict)

    @app.get("/run_in_executor_of_its_own")
    async def own_executor() -> str:
        return await asyncio.get_running_loop().run_in_executor(pool, functools.partial(predict))

    @app.get("/to_thread")
    async def to_thread() -> str:
        return await asyncio.to_thread(predict)

    @app.get("/submit")
    def submit() -> str:
        return pool.submit(predict).result()

    @app.get("/create_task")
    async def task() -> str:
        async def later() -> str:
            await asyncio.sleep(0)
            return predict()

        return await asyncio.create_task(later())

    def depended() -> str:
        return predict()

    @app.get("/dependency")
    async def dependency(label: str = Depends(depended)) -> str:
        return label

    def yielded() -> Iterator[str]:
        yield predict()

    @app.get("/yield_dependency")
    def yield_dependency(label: str = Depends(yielded)) -> str:
        return label

    def after() -> Iterator[None]:
        yield
        predict()

    @app.get("/dependency_after_the_yield")
    def dependency_after(_: None = Depends(after)) -> str:
        return "no answer of the model"

    @app.exception_handler(Rejected)
    async def handler(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse(predict(), 422)

    @app.get("/exception_handler")
    def raising() -> None:
        raise Rejected

    router = APIRouter(prefix="/router")

    @router.get("/sync")
    def routed() -> str:
        return predict()

    app.include_router(router)
    sub = FastAPI()

    @sub.get("/sync")
    def mounted() -> str:
        return predict()

    app.mount("/mounted", sub)

    def chunks() -> Iterator[str]:
        yield "first"
        yield predict()

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    async def async_chunks() -> AsyncIterator[str]:
        yield "first"
        yield predict()

    @app.get("/async_stream")
    def async_stream() -> StreamingResponse:
        return StreamingResponse(async_chunks())

    def open_chunks() -> Iterator[str]:
        with otel_ml.inference("open", version="1") as call:
            call.input(ROW[0])
            yield "first"
            yield "second"
            call.output("stays")

    @app.get("/open_stream")
    def open_stream() -> StreamingResponse:
        return StreamingResponse(open_chunks())

    @otel_ml.observe(name="tokens")
    def tokens(_: list[float]) -> Iterator[str]:
        yield "first"
        yield "second"

    @app.get("/observed_stream")
    def observed_stream() -> StreamingResponse:
        return StreamingResponse(tokens(ROW[0]))

    @otel_ml.observe(name="async tokens")
    async def async_tokens(_: list[float]) -> AsyncIterator[str]:
        yield "first"
        yield "second"

    @app.get("/observed_async_stream")
    def observed_async_stream() -> StreamingResponse:
        return StreamingResponse(async_tokens(ROW[0]))

    @app.get("/background")
    def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(predict)
        return "later"

    @app.websocket("/websocket")
    async def websocket(socket: WebSocket) -> None:
        await socket.accept()
        for _ in range(2):
            await socket.send_text(str(model.predict([await socket.receive_json()])[0]))
        await socket.close()

    return app


DIRECTLY = [
    "sync",
    "async",
    "run_in_threadpool",
    "run_in_executor",
    "run_in_executor_of_its_own",
    "to_thread",
    "submit",
    "create_task",
    "dependency",
    "yield_dependency",
    "dependency_after_the_yield",
    "exception_handler",
    "router/sync",
    "stream",
    "async_stream",
    "open_stream",
    "observed_stream",
    "observed_async_stream",
]


@pytest.mark.parametrize("path", DIRECTLY)
def test_the_span_of_the_model_is_a_child_of_the_server_span(
    path: str, model: Any, telemetry: Telemetry, instrument: Instrument, caplog: pytest.LogCaptureFixture
) -> None:
    instrument()
    with serving(application(model)) as client:
        assert client.get(path).is_success or path == "exception_handler"
        (server,) = server_spans(telemetry)
        (span,) = model_spans(telemetry, 1)
    assert span.parent is not None
    assert (span.parent.span_id, span.context.trace_id) == (server.context.span_id, server.context.trace_id)
    (event,) = telemetry.events("ml.prediction")
    assert (event.trace_id, event.span_id) == (span.context.trace_id, span.context.span_id)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text


def test_a_background_task_has_a_span_of_its_own_in_the_trace_of_the_request(
    model: Any, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application(model)) as client:
        assert "ml-prediction-id" not in client.get("/background").headers
        (server,) = server_spans(telemetry)
    (span,) = model_spans(telemetry, 1)
    assert [found.name for found in ancestors(span, telemetry)] == ["BackgroundTask predict", server.name]


def test_each_message_of_a_websocket_is_a_prediction_in_its_trace(
    model: Any, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application(model)) as client:
        with connect(f"ws://{client.base_url.host}:{client.base_url.port}/websocket", open_timeout=60) as socket:
            for _ in range(2):
                socket.send("[1.0, 2.0, 3.0]")
                assert socket.recv(timeout=60) == "stays"
        (server,) = server_spans(telemetry)
    spans = model_spans(telemetry, 2)
    assert len(spans) == len({(span.attributes or {})["ml.prediction.id"] for span in spans}) == 2
    assert {span.parent.span_id for span in spans if span.parent} == {server.context.span_id}


def test_a_mounted_application_adds_no_second_server_span_and_no_second_header(
    model: Any, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application(model)) as client:
        response = client.get("/mounted/sync")
        (server,) = server_spans(telemetry)
    (span,) = model_spans(telemetry, 1)
    assert server in ancestors(span, telemetry)
    assert response.headers.get_list("ml-prediction-id") == [(span.attributes or {})["ml.prediction.id"]]

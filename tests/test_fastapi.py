"""The response header, and which requests are traffic."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount

import otel_ml
from tests.services.classifier import ROW, classifier
from tests.services.serving import serving
from tests.services.traces import model_spans, prediction_ids, server_spans
from tests.support.telemetry import Telemetry
from tests.support.wait import PATIENCE

Instrument = Callable[..., None]
HEADER = "ml-prediction-id"


class Crash(Exception):
    pass


class Refused(Exception):
    pass


def predict(number: float = 1.0) -> str | None:
    with otel_ml.inference("churn", version="3") as call:
        call.input({"number": number})
        call.output("stays")
    return call.id


def application() -> FastAPI:
    app, model = FastAPI(), classifier()

    @app.get("/predict")
    def one() -> str | None:
        return predict()

    @app.get("/predict/{count}")
    def many(count: int) -> list[str | None]:
        return [predict(number) for number in range(count)]

    @app.get("/both_ways/sync")
    def sync() -> str | None:
        predict()
        return otel_ml.current_prediction_id()

    @app.get("/both_ways/async")
    async def coroutine() -> str | None:
        predict()
        await asyncio.sleep(0.01)
        return otel_ml.current_prediction_id()

    @app.get("/batch/{rows}")
    def batch(rows: int) -> list[str]:
        return [str(label) for label in model.predict(ROW * rows)]

    @app.get("/predict_and_proba")
    def both() -> list[Any]:
        return [str(model.predict(ROW)[0]), model.predict_proba(ROW).max()]

    @app.get("/two_rows")
    def two() -> list[str]:
        return [str(model.predict([[number, 0.0, 0.0]])[0]) for number in (1.0, 2.0)]

    @app.get("/late")
    def late() -> StreamingResponse:
        def chunks() -> Iterator[str]:
            yield "first"
            yield str(predict())

        return StreamingResponse(chunks())

    @app.get("/none")
    def none() -> str:
        return "nothing predicted"

    @app.get("/http_exception")
    def http_exception() -> None:
        predict()
        raise HTTPException(409)

    @app.exception_handler(Refused)
    def handler(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse("refused", 422)

    @app.get("/handled")
    def handled() -> None:
        predict()
        raise Refused

    @app.get("/crash")
    def crash() -> None:
        predict()
        raise Crash

    @app.post("/upload")
    async def upload(request: Request) -> str | None:
        async for _ in request.stream():
            pass
        return predict()

    return app


@pytest.mark.parametrize("path", ["predict", "http_exception", "handled", "crash"])
def test_every_response_has_the_id_of_its_prediction(path: str, telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client:
        response = client.get(path)
        server_spans(telemetry)
    assert response.headers.get_list(HEADER) == prediction_ids(telemetry)
    assert response.status_code == {"predict": 200, "http_exception": 409, "handled": 422, "crash": 500}[path]


@pytest.mark.parametrize(("made", "named"), [(2, 2), (8, 8), (9, 8)])
def test_further_ids_follow_the_first_up_to_eight(
    made: int, named: int, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application()) as client:
        response = client.get(f"predict/{made}")
    assert response.headers[HEADER].split(",") == response.json()[:named]


def test_a_batch_gives_its_base_id(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client:
        base = client.get("batch/3").headers[HEADER]
    events = telemetry.events("ml.prediction")
    assert [(event.attributes or {})["ml.prediction.id"] for event in events] == [f"{base}-{row}" for row in range(3)]
    assert prediction_ids(telemetry) == [base]


@pytest.mark.parametrize("path", ["late", "none"])
def test_there_is_no_header_where_nothing_was_predicted_before_it(
    path: str, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application()) as client:
        response = client.get(path)
        server_spans(telemetry)
    assert HEADER not in response.headers
    assert len(model_spans(telemetry)) == (path == "late")


@pytest.mark.usefixtures("no_call_is_counted_by_itself")
def test_two_operations_on_one_row_are_one_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(model_name="churn", model_classes=["stays", "leaves"])
    with serving(application()) as client:
        response = client.get("predict_and_proba")
        server_spans(telemetry)
    assert [span.name for span in model_spans(telemetry)] == ["predict churn", "predict_proba churn"]
    assert prediction_ids(telemetry) == [response.headers[HEADER]]
    (event,) = telemetry.events("ml.prediction")
    assert event.attributes is not None
    assert event.attributes["ml.output.label"] == "stays"
    assert event.attributes["ml.output.score"] == pytest.approx(response.json()[1])
    counted = telemetry.metric("ml.predictions")
    assert {point.attributes.get("ml.output.label"): point.value for point in counted if point.value} == {"stays": 1}
    assert sum(point.count or 0 for point in telemetry.metric("ml.inference.duration")) == 2
    assert {point.value for point in telemetry.metric("ml.feature.observations", {"ml.feature.bin": "value"})} == {1}


def test_two_rows_are_two_predictions(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client:
        ids = client.get("two_rows").headers[HEADER].split(",")
        server_spans(telemetry)
    assert len(set(ids)) == 2
    assert prediction_ids(telemetry) == ids


def test_two_requests_with_one_row_are_two_predictions(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client:
        assert len({client.get("predict_and_proba").headers[HEADER] for _ in range(2)}) == 2


@pytest.mark.parametrize("path", ["both_ways/sync", "both_ways/async"])
def test_concurrent_requests_keep_their_ids_apart(path: str, telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client, ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda _: client.get(path), range(64)))
    assert all(response.headers.get_list(HEADER) == [response.json()] for response in responses)
    assert len({response.json() for response in responses}) == 64


@pytest.mark.parametrize("pattern", ["none,predict$", "http://127.0.0.1:[0-9]+/predict"])
def test_what_contrib_excludes_is_no_traffic(
    pattern: str, telemetry: Telemetry, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_FASTAPI_EXCLUDED_URLS", pattern)
    instrument()
    with serving(application()) as client:
        response = client.get("predict")
    assert (response.json(), HEADER in response.headers) == (None, False)
    assert not model_spans(telemetry)


def test_a_starlette_application_around_it_changes_nothing(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(Starlette(routes=[Mount("/inner", application())])) as client:
        response = client.get("inner/predict")
        server_spans(telemetry)
    assert response.headers.get_list(HEADER) == [response.json()]


def test_a_middleware_of_the_users_changes_nothing(telemetry: Telemetry, instrument: Instrument) -> None:
    async def outer(request: Request, call_next: Callable[..., Any]) -> Any:
        response = await call_next(request)
        response.headers["x-seen"] = response.headers.get(HEADER, "not yet")
        return response

    app = application()
    app.add_middleware(BaseHTTPMiddleware, dispatch=outer)
    instrument()
    with serving(app) as client:
        response = client.get("predict")
        server_spans(telemetry)
    assert response.headers.get_list(HEADER) == [response.json()]


def test_the_thousandth_request_takes_the_same_way_as_the_first(telemetry: Telemetry, instrument: Instrument) -> None:
    app = FastAPI()

    @app.get("/depth")
    async def depth() -> int:
        return len(inspect.stack(context=0))

    instrument()
    with serving(app) as client:
        assert len({client.get("depth").text for _ in range(5)}) == 1
        server_spans(telemetry, 5)


def test_an_application_called_from_another_one_answers_for_itself(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    inner, outer = application(), FastAPI()

    @outer.get("/")
    async def ask() -> list[str]:
        transport = httpx.ASGITransport(inner)
        async with httpx.AsyncClient(transport=transport, base_url="http://inner") as client:
            return (await client.get("/predict")).headers.get_list(HEADER)

    instrument()
    with serving(outer) as client:
        response = client.get("/")
    assert response.json() == prediction_ids(telemetry)
    assert HEADER not in response.headers


def test_a_request_after_an_upload_on_the_same_connection_is_one_of_its_own(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with serving(application()) as client:
        # uvicorn stops reading at 64 kB, and asyncio goes on in the context of whoever resumes it
        responses = [client.post("upload", content=b"x" * 1_000_000), client.get("predict"), client.get("predict")]
        servers = server_spans(telemetry, 3)
    assert [response.headers.get_list(HEADER) for response in responses] == [[found.json()] for found in responses]
    assert len({span.context.trace_id for span in servers}) == 3


def test_pipelined_requests_have_a_header_each(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application()) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0), PATIENCE) as connection:
            last = b"GET /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            connection.sendall(b"GET /predict HTTP/1.1\r\nHost: x\r\n\r\n" * 2 + last)
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        servers = server_spans(telemetry, 3)
    ids = prediction_ids(telemetry)
    assert [line.partition(": ")[2] for line in answer.split("\r\n") if line.startswith(HEADER)] == ids
    assert len(ids) == len({span.context.trace_id for span in servers}) == 3


def test_what_happens_around_a_request_stays_around_it(telemetry: Telemetry, instrument: Instrument) -> None:
    app = application()

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        with trace.get_tracer("proxy").start_as_current_span("outer", kind=SpanKind.SERVER):
            await app(scope, receive, send)

    instrument()
    with serving(outer) as client:
        json.loads(client.get("predict").text)
        (server,) = server_spans(telemetry)
    (span,) = model_spans(telemetry)
    assert span.context.trace_id == server.context.trace_id

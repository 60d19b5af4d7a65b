"""However and whenever an application and its instrumentation meet: one server span, one header."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import fastapi
import pytest
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

import otel_ml
from tests.services.serving import REQUEST_SECONDS, serving
from tests.services.traces import model_spans, server_spans
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
HEADER = "ml-prediction-id"


class Custom(FastAPI):
    pass


def application(kind: type[FastAPI] = FastAPI) -> FastAPI:
    app = kind()

    @app.get("/")
    def predict() -> str | None:
        with otel_ml.inference("churn") as call:
            call.output("stays")
        return call.id

    return app


def the_only_one(app: FastAPI, telemetry: Telemetry) -> None:
    """One request has one header, one server span, and one span of a model under it."""
    with serving(app) as client:
        response = client.get("/")
        (server,) = server_spans(telemetry)
    (span,) = model_spans(telemetry, 1)
    assert response.headers.get_list(HEADER) == [response.json()]
    assert span.context.trace_id == server.context.trace_id


def swapped_class() -> type[FastAPI]:
    """What `from fastapi import FastAPI` gives once contrib has swapped it."""
    FastAPIInstrumentor().instrument()
    try:
        return fastapi.FastAPI
    finally:
        FastAPIInstrumentor().uninstrument()


@pytest.mark.parametrize("kind", [FastAPI, Custom, swapped_class()], ids=["plain", "subclass", "swapped"])
@pytest.mark.parametrize("order", ["instrument first", "app first", "app given", "app given twice"])
def test_in_any_order(kind: type[FastAPI], order: str, telemetry: Telemetry, instrument: Instrument) -> None:
    if order == "instrument first":
        instrument()
    app = application(kind)
    if order == "app first":
        instrument()
    for _ in range(("app given" in order) + ("twice" in order)):
        instrument(app=app)
    the_only_one(app, telemetry)


@pytest.mark.parametrize("first", ["contrib", "otel_ml"])
def test_the_users_own_instrument_app_stays_the_only_one(
    first: str, telemetry: Telemetry, instrument: Instrument
) -> None:
    app = application()
    if first == "otel_ml":
        instrument()
    FastAPIInstrumentor.instrument_app(app)
    if first == "contrib":
        instrument(app=app)
    the_only_one(app, telemetry)


def test_without_a_lifespan(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with serving(application(), lifespan="off") as client:
        response = client.get("/")
        server_spans(telemetry)
    assert response.headers.get_list(HEADER) == [response.json()]


def test_contrib_switched_off_leaves_the_spans_to_fastapi(
    telemetry: Telemetry, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "logging, fastapi")
    instrument()
    app = application()
    the_only_one(app, telemetry)
    assert not getattr(app, "_is_instrumented_by_opentelemetry", False)


def test_switched_on_and_off_while_serving(telemetry: Telemetry, instrument: Instrument) -> None:
    with serving(application()) as client:
        assert HEADER not in client.get("/").headers
        for _ in range(2):
            instrument()
            response = client.get("/")
            assert response.headers.get_list(HEADER) == [response.json()]
            otel_ml.uninstrument()
            response = client.get("/")
            assert (response.json(), HEADER in response.headers) == (None, False)
    assert len(model_spans(telemetry, 2)) == 2


def test_switched_off_in_the_middle_of_a_request(
    telemetry: Telemetry, instrument: Instrument, caplog: pytest.LogCaptureFixture
) -> None:
    entered, go = threading.Event(), threading.Event()
    app = FastAPI()

    @app.get("/")
    def predict() -> str | None:
        with otel_ml.inference("churn") as call:
            entered.set()
            assert go.wait(REQUEST_SECONDS)
            call.output("stays")
        return call.id

    instrument()
    with serving(app) as client:
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(client.get("/").json()))
        thread.start()
        assert entered.wait(REQUEST_SECONDS)
        otel_ml.uninstrument()
        go.set()
        thread.join(REQUEST_SECONDS)
    (span,) = model_spans(telemetry, 1)
    assert answers == [(span.attributes or {})["ml.prediction.id"]]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text

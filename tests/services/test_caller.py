"""What a caller may say of its prediction: nothing by default, and nothing that harms."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import otel_ml
from tests.services.serving import serving
from tests.services.traces import model_spans
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
HEADER = "ml-prediction-id"
TIME = 1_364_817_600_000_000_000  # 2013-04-01T12:00:00Z


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/{count}")
    def predict(count: int) -> None:
        for number in range(count):
            with otel_ml.inference("churn") as call:
                call.input({"number": number})
                call.output("stays")

    return app


def ask(headers: Mapping[str, str], count: int = 1) -> httpx.Response:
    with serving(application()) as client:
        response = client.get(f"/{count}", headers=dict(headers))
    assert response.is_success
    return response


def attributes(telemetry: Telemetry) -> list[dict[str, Any]]:
    """Of the spans and of the events, which agree in what a caller said."""
    return [
        *(dict(span.attributes or {}) for span in model_spans(telemetry)),
        *(dict(event.attributes or {}) for event in telemetry.events("ml.prediction")),
    ]


def test_an_id_in_the_request_is_ignored_by_default(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert uuid.UUID(ask({HEADER: "order-17"}).headers[HEADER]).version == 7


def test_a_trusted_id_is_that_of_the_first_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(trust_id_header=True)
    first, second = ask({HEADER: "order-17"}, count=2).headers[HEADER].split(",")
    assert (first, uuid.UUID(second).version) == ("order-17", 7)
    assert {found["ml.prediction.id"] for found in attributes(telemetry)} == {first, second}


HOSTILE = ["x" * 10_000, "a b", "a,b", "", "ünïcode".encode().decode("latin-1"), "<script>", "a\tb", "x" * 129]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_id_is_replaced(value: str, telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(trust_id_header=True)
    with serving(application()) as client:
        response = client.get("/1", headers=[(HEADER.encode(), value.encode("latin-1"))])
    assert uuid.UUID(response.headers[HEADER]).version == 7


@pytest.mark.parametrize("value", ["a\r\nset-cookie: evil", "a\nb", "order-17\n", "a\x00b"])
def test_no_header_can_be_smuggled_into_the_response(value: str, telemetry: Telemetry, instrument: Instrument) -> None:
    """Servers refuse such a request; an application must not rely on it."""
    instrument(trust_id_header=True)

    async def ask_directly() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="http://app") as client:
            return await client.get("/1", headers=[(HEADER.encode(), value.encode())])

    response = asyncio.run(ask_directly())
    assert uuid.UUID(response.headers[HEADER]).version == 7
    assert "set-cookie" not in response.headers


CALLER = {
    "x-user-id": "u-17",
    "x-plan": "jane@example.com",
    "baggage": "tenant=acme",
    "x-time": "2013-04-01T12:00:00Z",
}


def test_nothing_else_is_recorded_of_the_caller_by_default(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    ask(CALLER)
    found = attributes(telemetry)
    assert len(found) == 2
    said = [value for each in found for value in each.values() if isinstance(value, str)]
    assert not [value for value in said if any(text in value for text in ("u-17", "jane", "acme"))]
    (event,) = telemetry.events("ml.prediction")
    assert event.timestamp != TIME


def test_what_is_declared_is_recorded_under_the_privacy_policy(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(
        context_headers={"user.id": "x-user-id", "ml.segment.plan": "x-plan", "session.id": "x-absent"},
        context_baggage={"tenant.id": "tenant"},
        event_time="header:x-time",
    )
    ask(CALLER)
    for found in attributes(telemetry):
        assert (found["user.id"], found["tenant.id"]) == ("u-17", "acme")
        assert "jane" not in found["ml.segment.plan"]
        assert "session.id" not in found
    (event,) = telemetry.events("ml.prediction")
    assert event.timestamp == TIME


@pytest.mark.parametrize("value", ["soon", "nan", "1e999", "-1", ""])
def test_a_time_that_is_none_is_now(value: str, telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(event_time="header:x-time")
    ask({"x-time": value})
    (event,) = telemetry.events("ml.prediction")
    assert event.timestamp is not None
    assert event.observed_timestamp is not None
    assert 0 <= event.observed_timestamp - event.timestamp < 60e9

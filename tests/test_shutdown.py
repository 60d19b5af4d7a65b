"""What is queued leaves before a server ends, whichever server it is."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

import otel_ml
from otel_ml import runtime
from tests.services.serving import serving
from tests.support.telemetry import Telemetry, backend
from tests.support.wait import PATIENCE

Instrument = Callable[..., None]


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def predict() -> str | None:
        with otel_ml.inference("churn") as call:
            call.output("stays")
        return call.id

    return app


def exported() -> list[str]:
    """Ids of events that have left, without asking anything to flush."""
    records = [record.log_record for record in backend().logs.get_finished_logs()]
    return [
        str((record.attributes or {})["ml.prediction.id"]) for record in records if record.event_name == "ml.prediction"
    ]


@pytest.mark.usefixtures("no_call_is_counted_by_itself")
def test_the_lifespan_flushes_under_any_server(telemetry: Telemetry, instrument: Instrument) -> None:
    app = application()
    instrument()

    async def serve() -> str:
        async with (
            LifespanManager(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client,
        ):
            found: str = (await client.get("/")).json()
            assert exported() == [], "it would have left without a flush"
        return found

    assert [asyncio.run(serve())] == exported()


@pytest.mark.usefixtures("no_call_is_counted_by_itself")
@pytest.mark.parametrize("mounted", [False, True])
def test_uvicorn_flushes_without_the_lifespan_of_the_app(
    mounted: bool, telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    app = Starlette(routes=[Mount("/", application())]) if mounted else application()
    with serving(app, lifespan="auto" if mounted else "off") as client:
        prediction_id = client.get("/").json()
    assert exported() == [prediction_id]


def test_a_flush_that_hangs_does_not_keep_a_server_from_ending(
    telemetry: Telemetry, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr("otel_ml.shutdown.LIMIT_SECONDS", 0.3)
    instrument()
    assert runtime.current is not None
    monkeypatch.setattr(runtime.current, "flush", lambda _: release.wait(4 * PATIENCE))
    with serving(application()) as client:
        client.get("/")
        began = time.monotonic()
    assert time.monotonic() - began < 2 * PATIENCE
    release.set()

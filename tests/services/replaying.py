"""Recorded traffic that is sent to a service faster than it happened."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from otel_ml.service.records import Log
from tests.monitoring import examples
from tests.services.process import Service, gunicorn, running, uvicorn
from tests.services.serving import REQUEST_SECONDS
from tests.support.otlp import OtlpSink
from tests.support.wait import eventually

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0
HEADER = "x-event-time"


class Replay:
    """A client of ``programs/replayed.py``.

    Args:
        service: that it asks.
        start: the time that its traffic begins at, in seconds since 1970.
    """

    def __init__(self, service: Service, start: float) -> None:
        self.service = service
        self.start = start
        self.sent = 0
        self._random = np.random.default_rng(0)
        # A connection for each request, so that no worker keeps the client to itself.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=service.url, timeout=REQUEST_SECONDS, limits=limits)

    def send(self, rows: int, at: object = None, *, header: bool = True, **changed: Any) -> int:
        """Ask for predictions of usual rows, with some values changed; returns who answered.

        Args:
            rows: how many.
            at: their time, as the client writes it; none by default.
            header: whether the time is a header; otherwise it is a feature.
            **changed: features that are not as usual.
        """
        more = {} if header or at is None else {"at": at}
        body = [{**examples.usual_row(self._random), **changed, **more} for _ in range(rows)]
        headers = {HEADER: str(at)} if header and at is not None else {}
        response = self._client.post("/predict", json=body, headers=headers)
        self.sent += rows
        return int(response.raise_for_status().json())

    def replay(self, steps: range, rows: int, *, seconds: float = MINUTE, **changed: Any) -> None:
        """Send some rows of each of the steps."""
        for step in steps:
            self.send(rows, self.start + seconds * step, **changed)

    def report(self, name: str = "churn") -> dict[str, Any]:
        """What any of the workers says."""
        response = self._client.get(f"/drift/{name}")
        found: dict[str, Any] = response.raise_for_status().json()
        return found

    def wait_for_rows(self, rows: int | None = None) -> dict[str, Any]:
        """The report, once it has all rows that were sent."""
        wanted = self.sent if rows is None else rows

        def complete() -> dict[str, Any] | None:
            report = self.report()
            assert report["rows"] == wanted, report["rows"]
            return report

        found = eventually(complete, what=f"{wanted} rows in the report")
        assert found is not None
        return found

    def minute_of(self, event: Log) -> float:
        """When an event was, in minutes since the start."""
        return (event.time / 1e9 - self.start) / MINUTE


@contextmanager
def replayed(
    sink: OtlpSink, folder: Path, env: Mapping[str, str], *, workers: int = 1, days: float = 3
) -> Iterator[Replay]:
    """A service, and traffic of some days ago that it is sent.

    Args:
        sink: gets its telemetry.
        folder: for its files.
        env: of the service.
        workers: its processes.
        days: how long ago the traffic begins.
    """
    where = {"OTEL_ML_DRIFT_DIRECTORY": str(folder / "drift"), "OTEL_ML_EVENTS": "off"}
    # Forked workers share one import of everything, which is most of the time of a start.
    command = uvicorn("replayed") if workers == 1 else gunicorn("replayed", "--preload", "-w", str(workers))
    with running(command, {**sink.env(), **where, **env}, folder) as service:
        yield Replay(service, (time.time() - days * DAY) // HOUR * HOUR)


def in_alarm(report: Mapping[str, Any]) -> set[str]:
    """Variables that are."""
    return {variable["name"] for part in ("features", "predictions") for variable in report[part] if variable["alarm"]}


def iso(seconds: float) -> str:
    """A time as a client may write it."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()

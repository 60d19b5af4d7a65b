"""Workers of one service are one monitor: forked or not, killed or not, every prediction counts once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.process import Service, gunicorn, running, uvicorn
from tests.services.serving import REQUEST_SECONDS
from tests.support.otlp import OtlpSink
from tests.support.wait import eventually

COUNT = 40


def report(service: Service) -> dict[str, Any]:
    """What any of the workers says."""
    found: dict[str, Any] = httpx.get(f"{service.url}/drift", timeout=REQUEST_SECONDS).raise_for_status().json()
    return found


def successors(service: Service, earlier: set[int]) -> set[int]:
    """Workers that were not there before."""
    return {process.pid for process in service.workers(2)} - earlier


@pytest.mark.parametrize(
    ("command", "earlier"),
    [(gunicorn("watched", "--preload", "-w", "2"), 1), (uvicorn("watched", "--workers", "2"), 0)],
    ids=["forked", "spawned"],
)
def test_workers_are_one_monitor_and_one_that_is_killed_leaves_its_counts(
    otlp_sink: OtlpSink, tmp_path: Path, command: list[str], earlier: int
) -> None:
    env = {**otlp_sink.env(), "OTEL_ML_DRIFT_DIRECTORY": str(tmp_path / "drift")}
    if earlier:
        env["SCORE_AT_IMPORT"] = "1"
    with running(command, env, tmp_path) as service:
        before = service.workers(2)
        service.predict(COUNT)
        eventually(lambda: report(service)["rows"] == COUNT + earlier, what="both workers' rows, and the master's one")
        for victim in before:  # one of them is the one that evaluates, if the master is not
            alive = {process.pid for process in service.workers(2)}
            victim.kill()
            victim.wait(60)
            eventually(partial(successors, service, alive), what="another worker")
        service.predict(COUNT)
        eventually(lambda: report(service)["rows"] == 2 * COUNT + earlier, what="theirs, and their successors'")
        assert {report(service)["late"] for _ in range(10)} == {0}
        service.end()
    ids = {point.attributes["ml.baseline.id"] for point in otlp_sink.metric_points("ml.drift.alarm")}
    assert ids == {"0123456789ab"}

"""Serve with a baseline, send flights, and keep what the service tells of drift."""

import io
import json
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import anyio
import pandas as pd

from examples.flights.alarms import Alarms
from examples.flights.forward import Forward
from examples.flights.replay import TIME_HEADER, Records, Replay
from examples.flights.service import Service
from otel_ml.service.receiver import Receiver

STOP_SECONDS = 120.0
CONCURRENCY = 2
LATE_WINDOWS = 720
"""The two workers are that far apart at most, while flights of days go by in seconds: a busy machine may stop one for a while."""
MOST_LATE_SECONDS = 86_400.0
"""A service waits no longer than that."""
EVENTS = 0.02
"""Share of predictions that have an event. Drift looks at all of them, whatever is exported."""


@dataclass(frozen=True)
class Watched:
    """What was sent, and what the service told of it.

    Attributes:
        sent: The flights, with whatever was wrong with them.
        window: Seconds between two looks.
        alarms: What was found.
        labels: What the client kept of each answer.
        seconds: How long it took.
        ended: Whether the service ended by itself when it was asked to.
        log: The end of what it printed.
    """

    sent: pd.DataFrame
    window: float
    alarms: Alarms
    labels: Records
    seconds: float
    ended: bool
    log: str

    def flights_of(self, prediction_ids: tuple[str, ...]) -> pd.DataFrame:
        """The flights that predictions were for; ids that no answer had are left out."""
        found: pd.DataFrame = self.sent.loc[[self._rows[one] for one in prediction_ids if one in self._rows]]
        return found

    @cached_property
    def _rows(self) -> dict[str, Any]:
        """Which row of the flights a prediction was for."""
        times = self.sent["departs"].map(pd.Timestamp.isoformat)
        places = dict(zip(zip(self.sent["flight"], times, strict=True), self.sent.index, strict=True))
        return {one["prediction_id"]: places[one["flight"], one["departs"]] for one in self.labels}


def environment(baseline: Path, window: float, directory: Path) -> dict[str, str]:
    """What makes a service watch its model: its code has no part in it."""
    return {
        "OTEL_ML_BASELINE": str(baseline),
        "OTEL_ML_DRIFT_WINDOW": f"{window:g}",
        "OTEL_ML_EVENT_TIME": f"header:{TIME_HEADER}",
        "OTEL_ML_DRIFT_LATENESS": f"{min(MOST_LATE_SECONDS, LATE_WINDOWS * window):g}",
        "OTEL_ML_DRIFT_DIRECTORY": str(directory),
        "OTEL_ML_EVENTS": str(EVENTS),
    }


def watch(
    flights: pd.DataFrame, window: float, model: Path, baseline: Path, workers: int, forward: Forward | None = None
) -> Watched:
    """Send flights as fast as the service answers, each with the time it is due to leave.

    Args:
        flights: What to send.
        window: Seconds between two looks; the flights of a window are a request.
        model: The file with the trained model.
        baseline: The file with its baseline.
        workers: Processes that serve, and watch as one.
        forward: Gets all telemetry, too.
    """
    alarms, labels = Alarms(), io.StringIO()
    consumer = forward.before(alarms) if forward else alarms
    with tempfile.TemporaryDirectory() as folder, Receiver(consumer, grpc_port=0, http_port=None) as receiver:
        log = Path(folder) / "service.log"
        settings = environment(baseline, window, Path(folder))
        with Service(str(receiver.grpc_endpoint), model, workers, log, settings) as service:
            service.wait_until_ready()
            # To one process in order, as ten days may go by while it waits for a core in the midst of a request.
            replay = Replay(service.url, labels, float("inf"), min(CONCURRENCY, workers), window=window)
            anyio.run(replay.run, flights)
            service.terminate()
            deadline = time.monotonic() + STOP_SECONDS
            while service.running and time.monotonic() < deadline:
                time.sleep(0.05)
            ended = not service.running
        tail = service.log_tail()
    answers = [json.loads(line) for line in labels.getvalue().splitlines()]
    return Watched(flights, window, alarms, answers, replay.seconds, ended, tail)

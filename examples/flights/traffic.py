"""The demo's traffic: most flights one by one, the last ones in two batches, from a thread of its own."""

import json
import math
import threading
from collections import Counter
from pathlib import Path

import anyio
import pandas as pd

from examples.flights.replay import Records, Replay

BATCH = 50
"""Flights in each of the two batches; fewer if there are few flights at all."""


class Traffic:
    """Replays flights in the background.

    Args:
        flights: As from `data.load`.
        seconds: For how long.
        speedup: Seconds of 2013 a second, instead.
        path: File for the labels.
    """

    def __init__(self, flights: pd.DataFrame, seconds: float, speedup: float | None, path: Path) -> None:
        span = (flights["departs"].iloc[-1] - flights["departs"].iloc[0]).total_seconds()
        self.speedup = speedup or max(1.0, span / seconds)
        self.batch = min(BATCH, len(flights) // 10)
        self.singles = len(flights) - 2 * self.batch
        self.path = path
        self.seconds = math.nan
        self.failures = Counter[str]()
        self._flights = flights
        self._thread: threading.Thread | None = None

    @property
    def requests(self) -> int:
        """How many requests all flights make."""
        return self.singles + 2

    @property
    def running(self) -> bool:
        """Whether flights are still sent."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, url: str) -> None:
        """Begin to send to the service at this address."""
        # A daemon, so that Ctrl-C need not wait for it.
        self._thread = threading.Thread(target=self._run, args=(url,), name="replay", daemon=True)
        self._thread.start()

    def labels(self) -> Records:
        """What the replay kept of each answer, once it has ended."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def _run(self, url: str) -> None:
        with self.path.open("w") as file:
            one_by_one = Replay(url, file, self.speedup)
            anyio.run(one_by_one.run, self._flights[: self.singles])
            in_batches = Replay(url, file, self.speedup, batch=self.batch)
            anyio.run(in_batches.run, self._flights[self.singles :])
        self.seconds = one_by_one.seconds + in_batches.seconds
        self.failures = one_by_one.failures + in_batches.failures

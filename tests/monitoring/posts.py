"""Workers of one model, as a test drives them: one in the test's process, or one in a process of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from otel_ml.drift import Settings, layout
from otel_ml.monitoring.channel import Channel, Shared
from otel_ml.monitoring.counting import Counted
from otel_ml.monitoring.post import Post
from otel_ml.monitoring.records import RareRow
from tests.monitoring import examples

BASELINE = examples.baseline()
SHAPE = len(BASELINE.variables), layout.width(BASELINE.variables)
NOW = 1_700_000_070.0
STEP = int(NOW // 60)


def post(path: Path, *, capacity: int = 1 << 18, settings: Settings | None = None) -> Post:
    """A worker whose wall clock stands still."""

    def channel() -> tuple[Channel, Path | None]:
        shared = Shared(path, SHAPE, capacity)
        return shared, shared.folder.state

    return Post(BASELINE, settings or Settings(), channel, lambda: NOW)


def counted(rows: int, *, column: int = layout.FIRST + 1) -> Counted:
    """Rows of which all values of the feature ``age`` are in one column."""
    counts = np.zeros(SHAPE, dtype=np.int64)
    counts[0, column] = rows
    return Counted(rows, counts, np.zeros(SHAPE[0], dtype=np.int64))


def add(worker: Post, rows: int, step: int = STEP, name: str = "id") -> None:
    """Let a worker count some rows."""
    bins: Callable[[np.ndarray], np.ndarray] = lambda index: np.full((len(index), SHAPE[0]), 6, np.uint8)  # noqa: E731
    rare = [RareRow(0, "range", f"{name}-rare")] if rows % 2 else []
    assert worker.add(step, counted(rows), lambda row: f"{name}-{row}", bins, rare, ("age",))


def main() -> None:
    """Count until killed, 10 rows at a time, and say so after each hand-over."""
    worker, number = post(Path(sys.argv[1])), 0
    while True:
        number += 1
        add(worker, 10)
        worker.beat(time.monotonic(), at_once=True)
        time.sleep(0.002)
        if not worker.waits:
            print(number, int(worker.leads), flush=True)


if __name__ == "__main__":
    main()

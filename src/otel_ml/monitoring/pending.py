"""What one worker has counted within one step and not handed over yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np

from otel_ml.drift.examples import EXAMPLES
from otel_ml.drift.samples import Reservoir
from otel_ml.monitoring.records import RareRow, Record

SAMPLE: Final = 16
"""Rows of a record that are kept as examples."""


class Pending:
    """Counts of one step that have not been handed over.

    Args:
        step: the sub-window, counted from 1970.
        shape: of the count matrix.
    """

    def __init__(self, step: int, shape: tuple[int, int]) -> None:
        self.step = step
        self.counts = np.zeros(shape, dtype=np.int64)
        self.rows = 0
        self.sample = Reservoir(step, SAMPLE, shape[0])
        self.rare: dict[tuple[int, str], deque[RareRow]] = {}
        self.names: tuple[str, ...] | None = None

    def keep(self, rare: Sequence[RareRow]) -> None:
        """Keep the last rows of each rare event, as the monitor does: it may be long until they are handed over."""
        for row in rare:
            self.rare.setdefault((row.variable, row.kind), deque(maxlen=EXAMPLES)).append(row)

    def record(self) -> Record:
        """All of it."""
        sample = self.sample
        rare = tuple(chain.from_iterable(self.rare.values()))
        return Record(self.step, self.counts, tuple(sample.ids), sample.bins[: len(sample.ids)], rare, self.names)

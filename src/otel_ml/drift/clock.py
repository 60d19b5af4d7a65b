"""Which step a row belongs to, and when a step is complete: by the number of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Place(NamedTuple):
    """Rows of a batch that belong to the same step."""

    step: int
    rows: slice | np.ndarray
    size: int


class RowClock:
    """Steps of a fixed number of rows, in the order in which they come."""

    def __init__(self, rows_per_step: int) -> None:
        self.rows_per_step = rows_per_step
        self.open_from = 0
        self.late = self.undated = self.restarts = 0  # rows in order are none of these
        self._seen = 0

    def place(self, rows: int, times: object = None) -> list[Place]:
        """Returns the steps that the next rows belong to, in order."""
        places, done = [], 0
        while done < rows:
            step = self._seen // self.rows_per_step
            count = min(rows - done, (step + 1) * self.rows_per_step - self._seen)
            places.append(Place(step, slice(done, done + count), count))
            done += count
            self._seen += count
        self.open_from = self._seen // self.rows_per_step
        return places

    def merge(self, step: int) -> bool:
        """Takes note of counts of a step that others have made; returns whether it is still open."""
        if step >= self.open_from:
            self._seen = max(self._seen, step * self.rows_per_step)
            self.open_from = self._seen // self.rows_per_step
        return step >= self.open_from

    def advance(self, now: float | None = None) -> None:
        """Does nothing: no row, no step."""

    def end(self) -> None:
        """Takes the present step for complete."""
        self.open_from = -(-self._seen // self.rows_per_step)
        self._seen = self.open_from * self.rows_per_step

    def start_of(self, step: int) -> str | None:
        """There is no time."""
        return None

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {"open_from": self.open_from, "seen": self._seen}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another clock was."""
        self.open_from, self._seen = int(state["open_from"]), int(state["seen"])

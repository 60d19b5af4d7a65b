"""Some rows of all, each as likely as any other, the same ones every time: for what has to see whole rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from otel_ml.drift.fitting.distinct import mixed
from otel_ml.drift.fitting.pieces import nulls, together

MAX_ROWS: Final = 20_000
_LEAST_ROWS: Final = 2_000
_CELLS: Final = 8_000_000
_LONGEST: Final = 4_096
"""Characters of a text that are kept."""


class Sample:
    """Keeps the rows whose number has the smallest hashes: at most 20,000, fewer of many columns.

    Attributes:
        rows: how many rows went by.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._limit = MAX_ROWS
        self._places = np.empty(0, dtype=np.int64)
        self._priorities = np.empty(0, dtype=np.uint64)
        self._times = np.empty(0)
        self._columns: dict[str, np.ndarray] = {}

    def add(self, columns: Mapping[str, np.ndarray], rows: int, times: np.ndarray | None) -> None:
        """Adds rows: columns of shape (rows,), and their seconds since 1970."""
        self._limit = max(_LEAST_ROWS, min(MAX_ROWS, _CELLS // max(1, len(columns))))
        places = self.rows + np.arange(rows)
        self.rows += rows
        priorities = mixed(places.astype(np.uint64))
        times = np.full(rows, np.nan) if times is None else times
        if len(self._places) >= self._limit:
            chosen = np.flatnonzero(priorities < self._priorities.max())
            if not len(chosen):
                return
            columns = {name: column[chosen] for name, column in columns.items()}
            places, priorities, times = places[chosen], priorities[chosen], times[chosen]
        self._join(columns, places, priorities, times)

    def merge(self, other: Sample) -> None:
        """Adds the rows of another one, as if they had come after these."""
        self._limit = min(self._limit, other._limit)
        self._join(other._columns, other._places + self.rows, other._priorities, other._times)
        self.rows += other.rows

    def table(self) -> dict[str, np.ndarray]:
        """The rows kept, by column, in the order in which they came."""
        return dict(self._columns)

    @property
    def places(self) -> np.ndarray:
        """Which rows of all these are, int64, ascending."""
        return self._places

    @property
    def times(self) -> np.ndarray:
        """Their seconds since 1970, NaN where unknown."""
        return self._times

    def _join(
        self, columns: Mapping[str, np.ndarray], places: np.ndarray, priorities: np.ndarray, times: np.ndarray
    ) -> None:
        before, new = len(self._places), len(places)
        joint = {}
        for name in dict.fromkeys([*self._columns, *columns]):
            old, more = self._columns.get(name, nulls(before)), columns.get(name, nulls(new))
            joint[name] = together([piece for piece in (old, _short(more)) if len(piece)] or [more])
        self._places = np.concatenate([self._places, places])
        self._priorities = np.concatenate([self._priorities, priorities])
        self._times = np.concatenate([self._times, times])
        self._columns = joint
        if len(self._places) > self._limit:
            chosen = np.sort(np.argsort(self._priorities, kind="stable")[: self._limit])
            self._places, self._times = self._places[chosen], self._times[chosen]
            self._priorities = self._priorities[chosen]
            self._columns = {name: column[chosen] for name, column in self._columns.items()}


def _short(column: np.ndarray) -> np.ndarray:
    """A copy of a column that holds no text at length, and nothing that the caller may change."""
    if column.dtype.kind != "O":
        return np.array(column)
    found = np.empty(len(column), dtype=object)
    found[:] = [value[:_LONGEST] if isinstance(value, (str, bytes)) else value for value in column.tolist()]
    return found

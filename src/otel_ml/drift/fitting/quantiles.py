"""Quantiles of a stream in bounded memory: deterministic, mergeable, exact while few values differ."""

from __future__ import annotations

from typing import Final

import numpy as np

from otel_ml.drift.fitting.distinct import Distinct

EXACT: Final = 16_384
"""Different values up to which nothing is approximate, in however many rows."""

CELLS: Final = 2_048
"""Into how many groups of about equal weight a summary is pruned."""

_Summary = tuple[np.ndarray, np.ndarray]
"""Different values ascending (float64), and how many rows each stands for (int64)."""


class Quantiles:
    """The distribution of a stream of numbers, by values that each stand for some rows.

    All different values are kept, with their exact counts, up to `EXACT` of them. Beyond that summaries stand on levels as
    the digits of a binary counter do: two of one level become one of the next, and are pruned on the way. Pruning cuts the
    weight W of a summary into `CELLS` cells and lets the value at the middle of each stand for all in it; a value
    that fills a cell by itself keeps its exact count. That moves no rank by more than W / CELLS, so that with L levels a
    rank is off by at most n L / CELLS rows: .35% of them at a million rows in blocks of 16,384, .85% at a thousand million.
    What is seen is about a tenth of that, as errors of either sign meet. `error` is what was in fact lost, at most.

    Source: the levels are those of Manku, Rajagopalan, Lindsay, Approximate medians in one pass, SIGMOD 1998; that such
    summaries merge: Agarwal et al., Mergeable summaries, PODS 2012.

    Attributes:
        error: the most that any rank can be off, in rows.

    >>> quantiles = Quantiles()
    >>> quantiles.add(np.array([1.0, 2.0, 7.0]), np.array([5, 3, 2]))
    >>> quantiles.rank(2.0), quantiles.distinct, quantiles.error
    (8, 3, 0)
    """

    def __init__(self) -> None:
        self.error = 0
        self._all: _Summary | None = (np.empty(0), np.empty(0, dtype=np.int64))
        self._levels: list[_Summary | None] = []
        self._distinct = Distinct()

    def add(self, values: np.ndarray, weights: np.ndarray) -> None:
        """Adds different values in ascending order, finite, each with the number of rows that have it."""
        if self._all is None:
            self._distinct.add(values)
            self._push((values, weights), 0)
            return
        joint = _merged([self._all, (values, weights)])
        if len(joint[0]) <= EXACT:
            self._all = joint
            return
        before, self._all = self._all, None
        for summary in (before, (values, weights)):
            self._distinct.add(summary[0])
            self._push(summary, 0)

    def merge(self, other: Quantiles) -> None:
        """Adds what the other has seen."""
        self.error += other.error
        if other._all is not None:
            self.add(*other._all)
            return
        if self._all is not None:
            before, self._all = self._all, None
            self._distinct.add(before[0])
            self._push(before, 0)
        self._distinct.merge(other._distinct)
        for level, summary in enumerate(other._levels):
            if summary is not None:
                self._push(summary, level)

    @property
    def exact(self) -> bool:
        """Whether every value was kept with its count."""
        return self._all is not None

    @property
    def distinct(self) -> int:
        """About how many different values there were: `Distinct` has the error."""
        return self._distinct.estimate if self._all is None else len(self._all[0])

    def summary(self) -> tuple[np.ndarray, np.ndarray]:
        """Different values in ascending order, and about how many rows lie at each: shapes (k,), float64 and int64."""
        if self._all is not None:
            return self._all
        return _merged([summary for summary in self._levels if summary is not None])

    def rank(self, value: float) -> int:
        """About how many rows are at most this value."""
        values, weights = self.summary()
        return int(weights[: int(np.searchsorted(values, value, side="right"))].sum())

    def _push(self, summary: _Summary, level: int) -> None:
        if not len(summary[0]):
            return
        summary = self._pruned(summary)
        while True:
            while len(self._levels) <= level:
                self._levels.append(None)
            here = self._levels[level]
            if here is None:
                self._levels[level] = summary
                return
            self._levels[level] = None
            summary = self._pruned(_merged([here, summary]))
            level += 1

    def _pruned(self, summary: _Summary) -> _Summary:
        values, weights = summary
        if len(values) <= 2 * CELLS:
            return summary
        ends = np.cumsum(weights)
        begins = ends - weights
        cell = -(-int(ends[-1]) // CELLS)
        heavy = weights >= cell
        first = np.empty(len(values), dtype=bool)
        first[0] = True
        np.not_equal(begins[1:] // cell, begins[:-1] // cell, out=first[1:])
        first[1:] |= heavy[1:] | heavy[:-1]
        starts = np.flatnonzero(first)
        low, high = begins[starts], np.append(begins[starts[1:]], ends[-1])
        middle = np.searchsorted(ends, low + (high - low) // 2, side="right")
        self.error += int(np.maximum(begins[middle] - low, high - ends[middle]).max())
        return values[middle], high - low


def _merged(summaries: list[_Summary]) -> _Summary:
    """One summary of several, equal values joined."""
    summaries = [summary for summary in summaries if len(summary[0])] or summaries[:1]
    if len(summaries) == 1:
        return summaries[0]
    values = np.concatenate([summary[0] for summary in summaries])
    weights = np.concatenate([summary[1] for summary in summaries])
    order = np.argsort(values, kind="stable")
    return joined(values[order], weights[order])


def joined(values: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Different values of sorted ones, and the sum of their weights; without weights, how often each is there."""
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    if len(changes) == len(values) - 1:
        return values, np.ones(len(values), dtype=np.int64) if weights is None else weights
    starts = np.concatenate([[0], changes])
    if weights is None:
        return values[starts], np.diff(np.append(starts, len(values)))
    return values[starts], np.add.reduceat(weights, starts)

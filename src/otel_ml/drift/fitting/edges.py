"""Bins along a line: quantile edges, and a bin of its own for every value that is frequent by itself.

Every edge lies a little beside a training value, so that the value stays in its bin when it is served as float32, or comes out
of a sum that was rounded otherwise.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from otel_ml.drift.counts.columns import SLACK
from otel_ml.drift.fitting.distribution import shortened

_LEAST: Final = 5
"""Rows that a bin should have: fewer of them for few rows."""

_DIGITS: Final = 8
"""Of an edge: enough to stay well within the slack."""


class Bins(NamedTuple):
    """Bins of one variable.

    Attributes:
        edges: upper ends of all but the last, ascending, inclusive.
        counts: rows in each, one more than edges.
        centers: mean value of each; where there is no row, its end towards the others.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    centers: tuple[float, ...]


def cut(values: np.ndarray, weights: np.ndarray, bins: int, *, whole: bool = False, slack: float = SLACK) -> Bins:
    """Cuts a distribution into bins.

    A value v with at least the share that a bin should have gets the bin (v - s, v + s], so that what comes to lie beside
    it shows; s is `slack` times v, and less where another value is as close. The rest is cut at its quantiles. Between
    integers that follow each other there is nothing to show, and no bin.

    Args:
        values: different finite values, ascending: float64 of shape (k,).
        weights: rows at each: int64 of shape (k,).
        bins: how many are wanted; at most twice as many and one come out.
        whole: whether the values are integers.
        slack: share of a value by which another one may differ and count as the same.

    >>> cut(np.array([0.0, 1.0]), np.array([70, 30]), 10, whole=True)
    Bins(edges=(-5e-324, 0.0, 1.0000005), counts=(0, 70, 30, 0), centers=(-5e-324, 0.0, 1.0, 1.0000005))
    """
    if not len(values):
        return Bins((), (0,), (0.0,))
    total = int(weights.sum())
    wanted = max(1, min(bins, total // _LEAST))
    heavy = weights * wanted >= total
    ends = heavy | _quantiles(weights, ~heavy, wanted, total)
    ends[-1] = heavy[-1]
    begins = heavy.copy()
    if whole:
        follows = values[:-1] + 1 == values[1:]
        ends[:-1] |= begins[1:] & follows
        begins[1:] &= ~follows
    return _counted(_beside(values, begins, ends, slack), values, weights)


def _quantiles(weights: np.ndarray, light: np.ndarray, wanted: int, total: int) -> np.ndarray:
    """Which values end one of the bins that share what is left beside frequent values."""
    found = np.zeros(len(weights), dtype=bool)
    left = np.flatnonzero(light)
    if len(left):
        sums = np.cumsum(weights[left])
        parts = max(1, round(wanted * int(sums[-1]) / total))
        found[left[np.searchsorted(sums, np.arange(1, parts) * (int(sums[-1]) / parts))]] = True
    return found


def _beside(values: np.ndarray, begins: np.ndarray, ends: np.ndarray, slack: float) -> np.ndarray:
    """Edges right below the values that begin a bin, and right above those that end one: ascending."""
    with np.errstate(over="ignore"):  # beyond the largest of all floats is no edge
        room = np.abs(values) * slack
        below, above = np.minimum(values - room, np.nextafter(values, -math.inf)), values + room
    close = np.flatnonzero(above[:-1] >= below[1:])
    low, high = values[close], values[close + 1]
    above[close] = below[close + 1] = np.clip(low + (high / 2 - low / 2), low, np.nextafter(high, -math.inf))
    before, after = np.append(-math.inf, values[:-1]), np.append(values[1:], math.inf)
    lower = zip(below[begins].tolist(), before[begins].tolist(), values[begins].tolist(), strict=True)
    upper = zip(above[ends].tolist(), values[ends].tolist(), after[ends].tolist(), strict=True)
    edges = np.unique(np.array([_short(*edge) for edge in (*lower, *upper)], dtype=np.float64))
    return edges[np.isfinite(edges)]


def _short(edge: float, low: float, high: float) -> float:
    """An edge with few digits, if it still lies between the same two values."""
    found = float(f"{edge:.{_DIGITS}g}")
    return found if low <= found < high else edge


def _counted(edges: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Bins:
    places = np.searchsorted(edges, values, side="left")
    counts = np.bincount(places, weights, len(edges) + 1).astype(np.int64)
    scale = max(abs(float(values[0])), abs(float(values[-1])), np.finfo(np.float64).tiny)  # sums of large ones overflow
    sums = np.bincount(places, values / scale * weights, len(edges) + 1)
    ends = np.append(edges, edges[-1]) if len(edges) else values[:1]
    centers = [
        shortened(total / count * scale if count else end)
        for total, count, end in zip(sums.tolist(), counts.tolist(), ends.tolist(), strict=True)
    ]
    return Bins(tuple(edges.tolist()), tuple(counts.tolist()), tuple(centers))

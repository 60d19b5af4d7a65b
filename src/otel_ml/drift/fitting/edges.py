"""Bins along a line: quantile edges, and a bin of its own for every value that is frequent by itself."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from otel_ml.drift.fitting.distribution import shortened

_LEAST: Final = 5
"""Rows that a bin should have: fewer of them for few rows."""


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


def cut(values: np.ndarray, weights: np.ndarray, bins: int, *, whole: bool = False) -> Bins:
    """Cuts a distribution into bins.

    A value v with at least the share that a bin should have gets the bin (nextafter(v, -inf), v], so that nothing else
    is in it, and what comes to lie beside it shows; the rest is cut at its quantiles. Between integers that follow each
    other there is nothing to show, and no bin.

    Args:
        values: different finite values, ascending: float64 of shape (k,).
        weights: rows at each: int64 of shape (k,).
        bins: how many are wanted; at most twice as many and one come out.
        whole: whether the values are integers.

    >>> cut(np.array([0.0, 1.0]), np.array([70, 30]), 10, whole=True)
    Bins(edges=(-5e-324, 0.0, 1.0), counts=(0, 70, 30, 0), centers=(-5e-324, 0.0, 1.0, 1.0))
    """
    if not len(values):
        return Bins((), (0,), (0.0,))
    total = int(weights.sum())
    wanted = max(1, min(bins, total // _LEAST))
    heavy = weights * wanted >= total
    atoms = values[heavy]
    follows = np.append(False, values[:-1] + 1 == values[1:])[heavy] if whole else np.zeros(len(atoms), dtype=bool)
    with np.errstate(over="ignore"):  # below the least of all floats is no edge
        below = np.where(follows, atoms - 1, np.nextafter(atoms, -math.inf))
    rest = _quantiles(values[~heavy], weights[~heavy], wanted, total)
    edges = np.unique(np.concatenate([rest[rest < values[-1]], atoms, below]))
    return _counted(edges[np.isfinite(edges)], values, weights)


def _quantiles(values: np.ndarray, weights: np.ndarray, wanted: int, total: int) -> np.ndarray:
    """Edges that cut what is left beside frequent values into its share of the bins."""
    if not len(values):
        return values
    ends = np.cumsum(weights)
    parts = max(1, round(wanted * int(ends[-1]) / total))
    places = np.searchsorted(ends, np.arange(1, parts) * (int(ends[-1]) / parts))
    return values[places]


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

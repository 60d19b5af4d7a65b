"""How much two variables go together in sampled rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from otel_ml.drift.layout import FIRST
from otel_ml.drift.variables import Variable

LEAST_ROWS: Final = 50
"""Sampled rows that it takes to tell what moves together."""

LEAST_EVENTS: Final = 5
"""Rows with a rare event that it takes to tell whether another comes with it."""


def association(variables: Sequence[Variable], bins: np.ndarray, one: int, other: int) -> float:
    """How much two variables go together in some rows, 0 to 1; 0 where there are too few to say.

    Args:
        variables: of the baseline.
        bins: layout columns, shape (rows, variables).
        one: index of a variable.
        other: index of another.
    """
    both = (bins[:, one] >= FIRST) & (bins[:, other] >= FIRST)
    if np.count_nonzero(both) < LEAST_ROWS:
        return 0.0
    x, y = bins[both, one].astype(np.int64), bins[both, other].astype(np.int64)
    if variables[one].ordered and variables[other].ordered:
        return _rank_correlation(x, y)
    return _cramer(x, y)


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    ranks = []
    for values in (x, y):
        counts = np.bincount(values)
        ranks.append((counts.cumsum() - (counts - 1) / 2)[values])  # equal values share the mean of their ranks
    if ranks[0].std() == 0 or ranks[1].std() == 0:
        return 0.0
    return abs(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))


def _cramer(x: np.ndarray, y: np.ndarray) -> float:
    """Cramér's V without the bias that many bins and few rows give it (Bergsma, 2013)."""
    width, rows = int(y.max()) + 1, len(x)
    table = np.bincount(x * width + y, minlength=(int(x.max()) + 1) * width).reshape(-1, width)
    table = table[table.any(1)][:, table.any(0)]
    across, down = table.shape
    expected = table.sum(1, keepdims=True) * table.sum(0) / rows
    squared = max(
        0.0, float(((table - expected) ** 2 / expected).sum()) / rows - (across - 1) * (down - 1) / (rows - 1)
    )
    least = min(across - (across - 1) ** 2 / (rows - 1), down - (down - 1) ** 2 / (rows - 1)) - 1
    return min(1.0, float(np.sqrt(squared / least))) if least > 0 else 0.0


def coincidence(bins: np.ndarray, one: tuple[int, int], other: tuple[int, int]) -> float | None:
    """Share of the rows with either of two rare events that have both (Jaccard); None where there are too few to say.

    Args:
        bins: layout columns, shape (rows, variables).
        one: index of a variable, and the layout's column of its event.
        other: of the other one.
    """
    left, right = (bins[:, variable] == column for variable, column in (one, other))
    if min(np.count_nonzero(left), np.count_nonzero(right)) < LEAST_EVENTS:
        return None
    return float(np.count_nonzero(left & right) / np.count_nonzero(left | right))

"""Variables that drift together, so that one cause is one story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from otel_ml.drift.alarms import Raised
from otel_ml.drift.layout import FIRST
from otel_ml.drift.samples import Sample
from otel_ml.drift.variables import Variable

MOST: Final = 32
"""Variables in alarm that are compared with one another, those with the largest effect first."""

MOST_ROWS: Final = 2_000
"""Sampled rows that are looked at, the newest first."""

LEAST_ROWS: Final = 50
"""Sampled rows that it takes to tell what moves together."""

ALIKE: Final = 0.5
"""Association (0 to 1) of two variables from which on they are taken to be of one cause."""


def groups_of(variables: Sequence[Variable], raised: Mapping[int, Sequence[Raised]], sample: Sample) -> dict[int, int]:
    """Finds which variables in alarm drift together.

    Two are of one group if their values go together in the sampled rows (rank correlation of the bins where both lie along
    a line, else Cramér's V), if one is derived from the other, or if the same rare event began in both at the same step, as
    when a source of several features fails. It is a hint: what goes together need not have one cause.

    Args:
        variables: of the baseline.
        raised: alarms by variable.
        sample: rows of the last steps.

    Returns:
        Number of the group, from 1, the group of the largest effect first, by variable; one that stands alone has none.
    """
    effect = {index: max(one.effect for one in alarms) for index, alarms in raised.items()}
    order = sorted(effect, key=lambda index: (-effect[index], index))[:MOST]
    group = {index: index for index in order}
    bins = sample.bins[:MOST_ROWS]
    for one, other in combinations(order, 2):
        if group[one] != group[other] and (
            _related(variables[one], variables[other])
            or _same_event(raised[one], raised[other])
            or association(variables, bins, one, other) >= ALIKE
        ):
            group = {index: group[one] if held == group[other] else held for index, held in group.items()}
    members = list(group.values())
    numbers: dict[int, int] = {}
    for held in members:
        if members.count(held) > 1:
            numbers.setdefault(held, len(numbers) + 1)
    return {index: numbers[held] for index, held in group.items() if held in numbers}


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


def _related(one: Variable, other: Variable) -> bool:
    return (
        one.source == other.name or other.source == one.name or (one.source is not None and one.source == other.source)
    )


def _same_event(one: Sequence[Raised], other: Sequence[Raised]) -> bool:
    began = [
        {(held.change.cause, held.change.moment.step) for held in alarms if held.change.cause != "distribution"}
        for alarms in (one, other)
    ]
    return bool(began[0] & began[1])

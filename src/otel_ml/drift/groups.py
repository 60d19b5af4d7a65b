"""Variables that drift together, so that one cause is one story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from otel_ml.drift.alarms import Raised, overlap
from otel_ml.drift.association import association, coincidence
from otel_ml.drift.layout import RARE
from otel_ml.drift.samples import Sample
from otel_ml.drift.variables import Variable

MOST: Final = 32
"""Variables in alarm that are compared with one another, those with the largest effect first."""

MOST_ROWS: Final = 2_000
"""Sampled rows that are looked at, the newest first."""

ALIKE: Final = 0.5
"""Association (0 to 1) of two variables from which on they are taken to be of one cause."""


def groups_of(variables: Sequence[Variable], raised: Mapping[int, Sequence[Raised]], sample: Sample) -> dict[int, int]:
    """Finds which variables in alarm drift together.

    Two are of one group if they may have begun at the same time, and their values go together in the sampled rows (rank
    correlation of the bins where both lie along a line, else Cramér's V), or one is derived from the other, or the same
    rare event is in the same rows of both, as when a source of several features fails. A mixture of features goes with
    what it is made of, and links nothing: it has something of everything. All of it is a hint: what goes together need not
    have one cause.

    Args:
        variables: of the baseline.
        raised: alarms by variable.
        sample: rows of the last steps.

    Returns:
        Number of the group, from 1, the group of the largest effect first, by variable; one that stands alone has none.
    """
    effect = {index: max(one.effect for one in alarms) for index, alarms in raised.items()}
    order = sorted(effect, key=lambda index: (-effect[index], index))[:MOST]
    bins = sample.bins[:MOST_ROWS]
    group = {index: index for index in order}
    single = [index for index in order if variables[index].subject != "multivariate"]
    for one, other in combinations(single, 2):
        if (
            group[one] != group[other]
            and _overlap(raised[one], raised[other])
            and (
                _related(variables[one], variables[other])
                or _same_event(one, other, raised, bins)
                or association(variables, bins, one, other) >= ALIKE
            )
        ):
            group = {index: group[one] if held == group[other] else held for index, held in group.items()}
    mixtures = [index for index in order if variables[index].subject == "multivariate"]
    for mixture in mixtures:
        parts = [index for index in single if _overlap(raised[mixture], raised[index])]
        if parts:
            group[mixture] = group[max(parts, key=lambda index: association(variables, bins, mixture, index))]
        else:
            group[mixture] = next(group[other] for other in mixtures if _overlap(raised[mixture], raised[other]))
    return _numbered(group)


def _numbered(group: Mapping[int, int]) -> dict[int, int]:
    members = list(group.values())
    numbers: dict[int, int] = {}
    for held in members:
        if members.count(held) > 1:
            numbers.setdefault(held, len(numbers) + 1)
    return {index: numbers[held] for index, held in group.items() if held in numbers}


def _overlap(one: Sequence[Raised], other: Sequence[Raised]) -> bool:
    return any(overlap(first, second) for first in one for second in other)


def _related(one: Variable, other: Variable) -> bool:
    return (
        one.source == other.name or other.source == one.name or (one.source is not None and one.source == other.source)
    )


def _same_event(one: int, other: int, raised: Mapping[int, Sequence[Raised]], bins: np.ndarray) -> bool:
    """Whether a rare event is in the same rows of both; where too few were sampled, whether it began at the same step."""
    began = [{held.change.cause: held.change.moment.step for held in raised[index]} for index in (one, other)]
    for cause in RARE.keys() & began[0].keys() & began[1].keys():
        together = coincidence(bins, (one, RARE[cause]), (other, RARE[cause]))
        if together >= ALIKE if together is not None else began[0][cause] == began[1][cause]:
            return True
    return False

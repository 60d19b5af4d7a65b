"""The counts of one baseline laid onto the bins of another."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from otel_ml.drift.counts.labels import slots
from otel_ml.drift.variables import Variable

_UNEVEN: Final = 0.1
"""Share of a bin's values that may lie elsewhere in it than if they were spread evenly around their mean."""


def onto(target: Variable, source: Variable) -> np.ndarray:
    """Counts of `source` by the bins of `target`; both are of one kind.

    Where the edges and the categories of both agree all is exact. An edge of `target` between two of `source` cuts a bin:
    its values are taken to be spread evenly around their mean, give or take a tenth of them and one of its different
    values. A category without a bin of its own has some of the others. Within that, the counts are those that differ the
    least from `target`, so that no difference is made up.

    Returns:
        float64 of shape (bins of `target`,); the sum is that of the counts of `source`.

    >>> was = Variable("x", edges=(1.0, 2.0), counts=(10, 10, 10), centers=(0.5, 1.5, 2.5), minimum=0.0, maximum=3.0)
    >>> now = Variable("x", edges=(1.5,), counts=(15, 15), centers=(0.75, 2.25), minimum=0.0, maximum=3.0, distinct=3000)
    >>> onto(was, now).round(1).tolist()
    [10.0, 10.0, 10.0]
    """
    if not target.ordered:
        return _by_name(target, source)
    total = float(sum(source.counts))
    cumulated = np.cumsum(target.counts) * (total / max(sum(target.counts), 1))
    low, high = _cumulated(source, np.array([*target.edges, math.inf]))
    found = np.zeros(len(target.counts) + 1)
    difference = 0.0  # to the other's cumulated counts: moved as little as possible, which is the shortest way
    for index, there in enumerate(cumulated):
        difference = min(max(difference, low[index] - there), high[index] - there)
        found[index + 1] = there + difference
    return np.maximum(np.diff(found), 0.0)


def _cumulated(source: Variable, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many values lie at or below each place, at least and at most."""
    minimum = -math.inf if source.minimum is None else source.minimum
    maximum = math.inf if source.maximum is None else source.maximum
    edges = np.array(source.edges, dtype=np.float64)
    low = np.clip(np.concatenate([[minimum], edges]), minimum, maximum)
    high = np.clip(np.concatenate([edges, [maximum]]), minimum, maximum)
    center = np.clip(np.array(source.centers, dtype=np.float64), low, high)
    half = np.minimum(center - low, high - center)
    place = at[:, None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.clip((place - center + half) / (2 * half), 0.0, 1.0)
        one = _step(source) / (high - low)  # share of the bin that lies at one value, where there are few
    share = np.where(half > 0, share, place >= center)
    unsure = np.where((low < place) & (place < high) & (half > 0), np.minimum(_UNEVEN + one, 1.0), 0.0)
    counts = np.array(source.counts, dtype=np.float64)
    return np.maximum(share - unsure, 0.0) @ counts, np.minimum(share + unsure, 1.0) @ counts


def _step(source: Variable) -> float:
    """From one different value to the next, away from the tails."""
    if len(source.edges) < 2:
        return 0.0
    inner = max(source.distinct * (len(source.counts) - 2) / len(source.counts), 1.0)
    return (source.edges[-1] - source.edges[0]) / inner


def _by_name(target: Variable, source: Variable) -> np.ndarray:
    own = dict(zip(source.categories, source.counts, strict=False))
    first = len(target.categories)
    found = np.zeros(len(target.counts))
    found[:first] = [own.get(category, 0) for category in target.categories]
    others = np.array(source.counts[len(source.categories) :], dtype=np.float64)
    scale = sum(source.counts) / max(sum(target.counts), 1)
    for index, category in enumerate(target.categories):
        if category not in own and (source.known is None or category in source.known):
            place = _place(category, source)
            found[index] = min(target.counts[index] * scale, others[place])
            others[place] -= found[index]
    for category, count in own.items():
        if category not in target.categories:
            found[first:][_place(category, target)] += count
    found[first:] += _others(np.array(target.counts[first:], dtype=np.float64), others)
    return found


def _place(category: str, variable: Variable) -> int:
    """In which of the bins behind those of single categories one is."""
    return int(slots([category], variable.shared or 1)[0])


def _others(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Counts of the bins that categories share, laid onto those of `target`: two may be one there, or one two."""
    common = min(len(target), len(source))
    if max(len(target), len(source)) % common:
        common = 1
    weights = target.reshape(-1, common) + 1e-9  # where there is none, evenly
    found: np.ndarray = source.reshape(-1, common).sum(axis=0) * weights / weights.sum(axis=0)
    return found.ravel()

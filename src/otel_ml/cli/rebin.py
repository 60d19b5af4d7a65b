"""The counts of one baseline laid onto the bins of another."""

from __future__ import annotations

import math

import numpy as np

from otel_ml.drift.variables import Variable


def onto(target: Variable, source: Variable) -> np.ndarray:
    """Counts of `source` by the bins of `target`; both are of one kind.

    Where the edges and the categories of both agree all is exact. An edge of `target` between two of `source` cuts a bin:
    its values are taken to be spread evenly around their mean, give or take one of its different values. A category
    without a bin of its own has some of the others. Within that, the counts are those that differ the least from `target`, so
    that no difference is made up.

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
    counts = np.array(source.counts, dtype=np.float64)
    low, high = _spread(source)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((at[:, None] - low) / (high - low), 0.0, 1.0)
    share = np.where(high > low, share, at[:, None] >= high)
    cut = (share > 0) & (share < 1)
    one = len(counts) / max(source.distinct, 1)  # of the different values in a bin
    least = np.where(cut, np.maximum(share - one, 0.0), share)
    most = np.where(cut, np.minimum(share + one, 1.0), share)
    return least @ counts, most @ counts


def _spread(source: Variable) -> tuple[np.ndarray, np.ndarray]:
    """From where to where the values of each bin lie."""
    edges = np.array(source.edges, dtype=np.float64)
    minimum = -math.inf if source.minimum is None else source.minimum
    maximum = math.inf if source.maximum is None else source.maximum
    low = np.clip(np.concatenate([[minimum], edges]), minimum, maximum)
    high = np.clip(np.concatenate([edges, [maximum]]), minimum, maximum)
    center = np.clip(np.array(source.centers, dtype=np.float64), low, high)
    half = np.minimum(center - low, high - center)
    return center - half, center + half


def _by_name(target: Variable, source: Variable) -> np.ndarray:
    own = dict(zip(source.categories, source.counts, strict=False))
    others = float(source.counts[-1])
    scale = sum(source.counts) / max(sum(target.counts), 1)
    found = [float(own.get(category, 0)) for category in target.categories]
    for index, category in enumerate(target.categories):
        if category not in own and (source.known is None or category in source.known):
            found[index] = min(target.counts[index] * scale, others)
            others -= found[index]
    unknown = sum(count for category, count in own.items() if category not in target.categories)
    return np.array([*found, others + unknown])

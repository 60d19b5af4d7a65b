"""The counts of one baseline laid onto the bins of another."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from otel_ml.drift.variables import Variable


def onto(target: Variable, source: Variable) -> np.ndarray:
    """Counts of `source` by the bins of `target`; both are of one kind.

    Categories are found by name. Along a line the values of a bin are taken to be spread evenly around their mean, as
    wide as the bin allows, so that a bin of one value falls into one bin: exact where the edges agree, else right within
    the bins that an edge cuts.

    Returns:
        float64 of shape (bins of `target`,); the sum is that of the counts of `source`.

    >>> was = Variable("x", edges=(1.0, 2.0), counts=(10, 10, 10), centers=(0.5, 1.5, 2.5), minimum=0.0, maximum=3.0)
    >>> now = Variable("x", edges=(1.5,), counts=(15, 15), centers=(0.75, 2.25), minimum=0.0, maximum=3.0)
    >>> onto(was, now)
    array([10., 10., 10.])
    """
    if not target.ordered:
        return _by_name(target, source)
    low, high = _spread(source)
    edges = np.array([*target.edges, math.inf])
    with np.errstate(invalid="ignore", divide="ignore"):
        below = np.clip((edges[:, None] - low) / (high - low), 0.0, 1.0)
    below = np.where(high > low, below, edges[:, None] >= high)
    cumulated: np.ndarray = below @ np.array(source.counts, dtype=np.float64)
    return np.diff(cumulated, prepend=0.0)


def _by_name(target: Variable, source: Variable) -> np.ndarray:
    place = {category: index for index, category in enumerate(target.categories)}
    found: Counter[int] = Counter()
    for index, count in enumerate(source.counts):
        name = source.categories[index] if index < len(source.categories) else None
        found[place.get(name, len(target.categories)) if name is not None else len(target.categories)] += count
    return np.array([found[index] for index in range(len(target.counts))], dtype=np.float64)


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

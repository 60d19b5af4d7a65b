"""Counts over the provisional bins of one part of the data, told over those of another part."""

from __future__ import annotations

import numpy as np

from otel_ml.drift.fitting.distribution import Distribution


def by_edges(old: np.ndarray, new: np.ndarray, line: Distribution) -> np.ndarray:
    """How the values of each old bin are spread over the new ones, as those of the whole part are.

    Args:
        old: edges, ascending, each the upper end of a bin.
        new: the other edges.
        line: values of the part that the old bins are of.

    Returns:
        Shares of shape (old bins, new bins), each row adding up to 1.

    >>> line = Distribution()
    >>> line.add(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> by_edges(np.array([2.0]), np.array([3.0]), line)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    values, weights = line.quantiles.summary()
    values = np.concatenate([[-np.inf], values, [np.inf]])
    weights = np.concatenate([[line.below], weights, [line.above]])
    return by_bins(np.searchsorted(old, values), np.searchsorted(new, values), weights, (len(old) + 1, len(new) + 1))


def by_bins(old: np.ndarray, new: np.ndarray, weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """As `by_edges`, where the bins of every value are known.

    Args:
        old: bin of each value.
        new: the other bin of each.
        weights: how often it is there.
        shape: how many bins there are of either sort.

    >>> by_bins(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([5, 3, 1]), (2, 2))
    array([[1.  , 0.  ],
           [0.75, 0.25]])
    """
    found = np.zeros(shape)
    np.add.at(found, (old, new), weights)
    lost = np.flatnonzero(found.sum(axis=1) == 0)  # nothing is known of their values any more
    found[lost, np.maximum(lost + shape[1] - shape[0], 0)] = 1.0
    return np.asarray(found / found.sum(axis=1, keepdims=True))

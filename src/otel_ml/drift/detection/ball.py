"""The distribution closest to what was seen, among those near enough to the reference not to matter."""

from __future__ import annotations

import numpy as np


def closest(counts: np.ndarray, shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """The distribution within a total variation of the reference under which the counts are the most likely.

    The ratio of result to reference is that of counts to reference, clipped from above and from below. From above
    it is clipped at the largest, over all sets of bins, of the set's counts over the most mass that the ball allows it;
    sorted by their ratio, only the first few bins need to be tried. From below it is the same in reverse.
    (Huber, A robust version of the probability ratio test, 1965.)

    Args:
        counts: shape (..., B), at least 0, not all of them 0. Shares will do as well.
        shares: of the reference, shape (..., B), adding up to 1.
        tolerance: radius in total variation, 0 to below 1, shape (...).

    Returns:
        Shares of shape (..., B), adding up to 1. It maximises ``sum(counts * log(theta))``, and so minimises the
        Kullback-Leibler divergence from the counts.

    >>> closest(np.array([80.0, 20.0]), np.array([0.5, 0.5]), np.array(0.1))
    array([0.6, 0.4])
    """
    counts, shares = np.broadcast_arrays(np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64))
    radius = np.asarray(tolerance, dtype=np.float64)[..., None]
    observed = counts / counts.sum(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(shares > 0, observed / shares, np.where(observed > 0, np.inf, 0.0))
        order = np.argsort(-ratio, axis=-1)
        mass = np.take_along_axis(shares, order, -1)
        seen = np.take_along_axis(observed, order, -1)
        above, above_seen = mass.cumsum(-1), seen.cumsum(-1)
        below, below_seen = above[..., -1:] - above + mass, above_seen[..., -1:] - above_seen + seen
        highest = (above_seen / (above + radius)).max(-1, keepdims=True)
        lowest = np.where(below > radius + 1e-12, below_seen / (below - radius), np.inf).min(-1, keepdims=True)
        lowest = np.where(lowest > 1e-12, lowest, 0.0)
        # Bins that were never hit give up mass without any loss: how it is spread over them makes no difference.
        unhit = np.where(observed > 0, 0.0, shares).sum(-1, keepdims=True)
        spared = shares * (1.0 - radius / np.where(unhit > radius, unhit, np.inf))
        low = np.where(lowest > 0, observed / lowest, np.where(observed > 0, shares, spared))
        moved = np.where(ratio > highest, observed / highest, np.where(ratio <= lowest, low, shares))
    inside = 0.5 * np.abs(observed - shares).sum(-1, keepdims=True) <= radius
    return np.where(inside, observed, moved)

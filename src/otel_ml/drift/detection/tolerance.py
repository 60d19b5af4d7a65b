"""What does not matter: the practical tolerance, made larger by what the reference does not know for sure."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np

NOISE_LEVEL: Final = 0.001
"""How often the noise of a fixed reference may exceed what is allowed for it."""

LEAST_RARE: Final = 0.002
"""A rare event may become more frequent by this share, or double, before it matters."""


def noise_quantile(shares: np.ndarray, size: np.ndarray, level: float = NOISE_LEVEL) -> np.ndarray:
    """The total variation between a sample and its own source that chance exceeds at a given level.

    Deviations of the bins are taken as normal: mean and variance of half the sum of their absolute values are exact
    then, and a gamma distribution of that mean and variance gives the quantile (Wilson and Hilferty's formula).

    Args:
        shares: of the source, shape (..., B), adding up to 1.
        size: rows of the sample, shape (...), above 0.
        level: 0 to 1, exclusive.

    Returns:
        Shape (...), at most 1.

    >>> round(float(noise_quantile(np.full(20, 0.05), np.array(2000))), 3)
    0.063
    """
    shares = np.asarray(shares, dtype=np.float64)
    deviation = np.sqrt(shares * (1.0 - shares))
    mean = deviation.sum(-1) / np.sqrt(2 * np.pi)
    odds = np.sqrt(np.divide(shares, 1.0 - shares, out=np.zeros_like(shares), where=shares < 1))
    correlation = np.minimum(odds[..., :, None] * odds[..., None, :], 1.0)  # its absolute value, for two bins
    each = np.arange(shares.shape[-1])
    correlation[..., each, each] = 1.0
    covariance = np.sqrt(1.0 - correlation**2) + correlation * np.arcsin(correlation) - 1.0
    variance = np.einsum("...i,...ij,...j->...", deviation, covariance, deviation) / (2 * np.pi)
    ninth = variance / (9.0 * np.where(mean > 0, mean, 1.0) ** 2)
    factor = (1.0 - ninth + NormalDist().inv_cdf(1.0 - level) * np.sqrt(ninth)) ** 3
    return np.asarray(np.minimum(mean * factor / np.sqrt(size), 1.0))


def share_bounds(hits: np.ndarray, rows: np.ndarray, level: float = NOISE_LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper confidence bound of a share, each at the given level.

    Chernoff's: the shares whose divergence from the observed one is ``log(1 / level)`` over the rows. A little wider than
    Clopper and Pearson's, and the same where there was no hit, but a matter of logarithms only.

    Args:
        hits: any shape.
        rows: at least 1, broadcastable.
        level: 0 to 1, exclusive.
    """
    rows = np.asarray(rows, dtype=np.float64)
    observed = np.minimum(hits / rows, 1.0)
    limit = -np.log(level) / rows
    return _where_divergence_is(limit, observed, np.zeros_like(observed)), _where_divergence_is(
        limit, observed, np.ones_like(observed)
    )


def _where_divergence_is(limit: np.ndarray, observed: np.ndarray, end: np.ndarray) -> np.ndarray:
    near, far = observed.copy(), end
    for _ in range(40):
        middle = (near + far) / 2
        inside = _divergence(observed, middle) < limit
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return far


def _divergence(observed: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Kullback and Leibler's, of two events."""
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(observed > 0, observed * np.log(observed / share), 0.0)
        miss = np.where(observed < 1, (1 - observed) * np.log((1 - observed) / (1 - share)), 0.0)
    return np.asarray(np.nan_to_num(hit + miss, nan=0.0, posinf=np.inf))

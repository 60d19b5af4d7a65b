"""Ways in which a variable whose bins lie along a line drifts as a whole: it moves, widens, narrows."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np

from otel_ml.drift.detection.ball import closest

MULTIPLES: Final = (1.3, 1.7, 2.5, 4.0, 7.0)
"""How far the alternatives are from the reference, in tolerances."""

DIRECTIONS: Final = 8
"""Mixtures of a move and a change of scale, evenly around the circle."""

TOTAL_VARIATION_OF_A_SIGMA: Final = 0.4
"""About, for small moves of a normal distribution; the same for the change of scale used here, within a fifth."""

LARGEST: Final = 2.5
"""Moves beyond this many sigma are found at once by any alternative."""


def tilts(shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Alternatives to the reference, as a change of mean and of scale of the variable's normal scores.

    They need not be what happens: evidence for one of them is valid whatever it is, and strong when the true change
    resembles it.

    Args:
        shares: of the reference, shape (n, B), 0 in padding.
        tolerance: shape (n,).

    Returns:
        Shares of shape (n, G, B).
    """
    upper = shares.cumsum(-1)
    scores = _normal_score(upper - shares / 2)
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    shape = np.cos(angles)[:, None] * scores[:, None, :] + np.sin(angles)[:, None] * (
        scores[:, None, :] ** 2 - 1
    ) / np.sqrt(2)  # (n, directions, B)
    size = np.minimum(np.asarray(tolerance)[:, None] * np.array(MULTIPLES) / TOTAL_VARIATION_OF_A_SIGMA, LARGEST)
    exponent = size[:, :, None, None] * shape[:, None, :, :]
    tilted = shares[:, None, None, :] * np.exp(exponent - exponent.max(-1, keepdims=True))
    tilted /= tilted.sum(-1, keepdims=True)
    return np.asarray(tilted.reshape(len(shares), -1, shares.shape[-1]))


def tilt_weights(shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """What one row in each bin adds to the log evidence for each of the `tilts`.

    Each alternative is set against the distribution of the ball that is closest to it (its reverse information
    projection). A row's expected likelihood ratio is then at most 1 under every distribution in the ball, and so is the
    product over rows, even if they wander within the ball. (Grünwald, de Heide, Koolen, Safe testing, 2024.)

    Args:
        shares: of the reference, shape (n, B), 0 in padding.
        tolerance: shape (n,).

    Returns:
        Shape (n, G, B), 0 in padding.
    """
    alternatives = tilts(shares, tolerance)
    nearest = closest(alternatives, shares[:, None, :], np.asarray(tolerance)[:, None])
    return np.asarray(np.log(np.divide(alternatives, nearest, out=np.ones_like(alternatives), where=nearest > 0)))


def _normal_score(rank: np.ndarray) -> np.ndarray:
    return np.asarray(np.interp(rank, *_scores()))


@lru_cache(maxsize=1)
def _scores() -> tuple[np.ndarray, np.ndarray]:
    ranks = (np.arange(1000) + 0.5) / 1000
    return ranks, np.array([NormalDist().inv_cdf(rank) for rank in ranks])

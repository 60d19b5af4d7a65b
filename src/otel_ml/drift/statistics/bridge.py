"""Expected largest deviation of a large sample's shares, for the statistics that are a maximum over bins.

The shares of a large sample deviate from their source like a Gaussian vector whose variances are t (1 - t) and covariances
-t u, over the root of the rows; cumulated, like a Brownian bridge seen at the edges. The mean of its largest entry has no
closed form over bins of any size, so it is the mean over drawn vectors: the same ones, and so the same result, every time.
"""

from __future__ import annotations

from functools import cache
from math import exp, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.statistics.gamma import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS: Final = 512
BLOCK: Final = 64
"""Variables at a time, so that the intermediate results stay in the processor's cache."""


def largest(shares: Floats) -> tuple[Floats, Floats]:
    """Means of the largest deviation of a share and of a cumulated share, to about 1%.

    Args:
        shares: of the bins, shape (variables, bins), each row adding up to 1; 0 for padding.

    Returns:
        Two arrays of shape (variables,), to be multiplied with ``sqrt(1 / n + 1 / m)`` for two samples.

    >>> [round(float(found[0]), 1) for found in largest(np.array([[0.5, 0.5]]))]  # one Gaussian variable: .4
    [0.4, 0.4]
    """
    of_share, of_cumulated = np.zeros(len(shares)), np.zeros(len(shares))
    if not shares.size:
        return of_share, of_cumulated
    for start in range(0, len(shares), BLOCK):
        block = slice(start, start + BLOCK)
        of_share[block], of_cumulated[block] = _largest(shares[block])
    return of_share, of_cumulated


def _largest(shares: Floats) -> tuple[Floats, Floats]:
    draws = _draws(shares.shape[-1])
    roots = np.sqrt(shares)
    common = roots @ draws  # so that the deviations add up to zero
    share, cumulated, total = np.zeros_like(common), np.zeros_like(common), np.zeros_like(common)
    for column, draw in enumerate(draws):
        deviation = roots[:, column, None] * draw - shares[:, column, None] * common
        total += deviation
        np.maximum(share, np.abs(deviation), out=share)
        np.maximum(cumulated, np.abs(total), out=cumulated)
    return share.mean(axis=-1), cumulated.mean(axis=-1)


@cache
def _draws(bins: int) -> Floats:
    """Gaussian vectors as columns, shape (bins, DRAWS), of the mean length: the length would only add to the error."""
    # RandomState, as its stream is the same in every version of numpy
    drawn = np.random.RandomState(20_240_229).standard_normal((DRAWS, bins))
    # perpendicular to one another within a set, and so spread more evenly than independent ones
    for start in range(0, DRAWS - bins + 1, bins):
        drawn[start : start + bins] = np.linalg.qr(drawn[start : start + bins].T)[0].T
    half = bins / 2
    length = sqrt(2) * exp(float(gammaln(half + 0.5) - gammaln(half)))
    return np.ascontiguousarray((drawn / np.linalg.norm(drawn, axis=1, keepdims=True) * length).T)

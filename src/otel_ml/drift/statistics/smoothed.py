"""Expected values of functions of a smoothed count, which the noise of the smoothed statistics is made of.

A count X of n rows in a bin of share t is binomial. With a = n t + s, the smoothed count's mean, and w = n t (1 - t), its
variance, the delta method says that log(X + s), (X + s) log(X + s) and sqrt(X + s) are off their value at a by
-w / (2 a^2), w / (2 a) and -w / (8 a^1.5). That holds for full bins; for those with a few rows the error is up to a half. The
ratio of the two is known, though, from the Poisson distribution, for which each expected value is a short sum: it is fitted
once as a polynomial in 1 / (1 + n t), in which it is smooth and 1 at 0.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from otel_ml.drift.statistics.gamma import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DEGREE: Final = 10
GRID: Final = 128
"""Points of the fit; the last but one has a mean of 127 rows, of which the sum below sees all that there can be."""


class Gaps(NamedTuple):
    """By how much expected values differ from the value at the mean, all from 0 up."""

    log: Floats
    """log a - E log(X + s)."""
    entropy: Floats
    """E (X + s) log(X + s) - a log a."""
    root: Floats
    """sqrt a - E sqrt(X + s)."""


def gaps(rows: Floats, shares: Floats, smoothing: float) -> Gaps:
    """Those of binomial counts: to about 1% where a bin holds a small part of the rows or more than a few of them.

    Args:
        rows: of the sample, of a shape that broadcasts with the shares.
        shares: probability of each bin, 0 to 1.
        smoothing: rows added to each bin, above 0.

    >>> gap = gaps(np.array(1_000.0), np.array([0.0, 0.001, 0.1]), smoothing=0.5).log
    >>> gap.round(3).tolist()  # none in an empty bin, about (1 - share) / (2 * 100) in a full one
    [0.0, 0.236, 0.004]
    """
    mean = rows * shares
    a, w = mean + smoothing, mean * (1 - shares)
    near = 1 / (1 + mean)
    log, entropy, root = (_horner(coefficients, near) for coefficients in _ratios(smoothing))
    first = w / (2 * a)
    return Gaps(log * first / a, entropy * first, root * first / (4 * np.sqrt(a)))


def _horner(coefficients: tuple[float, ...], x: Floats) -> Floats:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


@cache
def _ratios(smoothing: float) -> tuple[tuple[float, ...], ...]:
    """Polynomials of the three ratios, the constant term first."""
    near = np.arange(1, GRID + 1) / GRID
    mean = np.maximum(1 / near - 1, 1e-4)[:, None]
    k = np.arange(GRID * 3)
    weights = np.exp(k * np.log(mean) - mean - gammaln(k + 1.0))
    a, x, mean = mean[:, 0] + smoothing, k + smoothing, mean[:, 0]
    exact = (
        (np.log(a) - weights @ np.log(x)) * 2 * a**2,
        (weights @ (x * np.log(x)) - a * np.log(a)) * 2 * a,
        (np.sqrt(a) - weights @ np.sqrt(x)) * 8 * a**1.5,
    )
    powers = near[:, None] ** np.arange(1, DEGREE + 1)
    fits = (np.linalg.lstsq(powers, values / mean - 1, rcond=None)[0] for values in exact)
    return tuple((1.0, *map(float, fit)) for fit in fits)

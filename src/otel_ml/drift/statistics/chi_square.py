"""Quantiles of the chi-square family, which numpy lacks."""

from __future__ import annotations

import math
from functools import lru_cache


@lru_cache(maxsize=1024)  # asked for the same few numbers of bins again and again
def chi_square_quantile(confidence: float, freedom: int) -> float:
    """The value below which a chi-square variable lies with the given probability, by bisection.

    Args:
        confidence: that probability, above 0 and below 1.
        freedom: degrees of freedom; none gives 0.

    Returns:
        To a relative 1e-12.

    Raises:
        ValueError: a confidence out of range.

    >>> round(chi_square_quantile(0.999, 9), 3)
    27.877
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be above 0 and below 1, not {confidence!r}")
    if freedom < 1:
        return 0.0
    low, high = 0.0, float(freedom)
    while _survival(high, freedom) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if _survival(middle, freedom) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _survival(x: float, freedom: int) -> float:
    """Probability of more than x: a finite sum, whether the degrees are even or odd (Abramowitz and Stegun, 26.4.4-5)."""
    half = x / 2
    total = 0.0 if freedom % 2 == 0 else math.erfc(math.sqrt(half))
    for power in range(freedom % 2, freedom, 2):  # of half, in halves
        if half > 0:
            total += math.exp(power / 2 * math.log(half) - half - math.lgamma(power / 2 + 1))
        elif power == 0:
            total += 1.0
    return total

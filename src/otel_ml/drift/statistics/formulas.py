"""The formula sheet: how far two count vectors over the same bins are apart. Every reader of counts uses these.

Each function takes counts, or shares, with the bins along the last axis, of any leading shape, and scales both to sum to
one: p is what there is now, q the reference. Bins that are empty on both sides, such as padding, change nothing. A vector
without a single row gives NaN.

Smoothing adds so many pretended rows to every bin on both sides. It is for the population stability index, where an empty
bin would make infinity of the finest difference. The Jensen-Shannon and Hellinger distances are smoothed alike wherever they
stand beside it, so that the three, which agree for small differences, also agree on what a bin holds; they need none to be
finite. All others are compared as counted: smoothing would only draw them towards the uniform distribution, and the
chi-square statistic would no longer have the distribution that gives it its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LOG_TWO: Final = 0.6931471805599453


def psi(current: ArrayLike, reference: ArrayLike, smoothing: float | Floats = 0.0) -> Floats:
    """Population stability index: the sum of ``(p - q) log(p / q)``, from 0.

    Args:
        current: counts, shape (..., bins).
        reference: counts, of a shape that broadcasts with it.
        smoothing: rows added to each bin of both; 0 makes infinity where a bin is empty on one side only.

    Returns:
        float64 of the leading shape.

    >>> psi([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.228217
    """
    p, q = _shares(current, smoothing), _shares(reference, smoothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (p - q) * (np.log(p) - np.log(q))
    # nothing on both sides is no difference
    return _sum(np.where((p == 0) & (q == 0), 0.0, parts))


def jensen_shannon(current: ArrayLike, reference: ArrayLike, smoothing: float | Floats = 0.0) -> Floats:
    """Jensen-Shannon distance: the root of the divergence in bits, from 0 to 1 (Endres and Schindelin, 2003).

    Args:
        current: counts, shape (..., bins).
        reference: counts, of a shape that broadcasts with it.
        smoothing: rows added to each bin of both.

    Returns:
        float64 of the leading shape.

    >>> jensen_shannon([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.200503
    """
    p, q = _shares(current, smoothing), _shares(reference, smoothing)
    both = p + q
    with np.errstate(divide="ignore", invalid="ignore"):
        # p log(2 p / both) + q log(2 q / both) in terms of x, which keeps the digits of a small difference
        x = (p - q) / both
        parts = both / 2 * (np.log1p(-x * x) + 2 * x * np.arctanh(x))
    parts = np.where(np.abs(x) == 1, both * LOG_TWO, np.where(both == 0, 0.0, parts))
    return np.sqrt(_sum(parts) / (2 * LOG_TWO))


def hellinger(current: ArrayLike, reference: ArrayLike, smoothing: float | Floats = 0.0) -> Floats:
    """Hellinger distance: the root of half the squared difference of the roots, from 0 to 1.

    Args:
        current: counts, shape (..., bins).
        reference: counts, of a shape that broadcasts with it.
        smoothing: rows added to each bin of both.

    Returns:
        float64 of the leading shape.

    >>> hellinger([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.1679
    """
    p, q = _shares(current, smoothing), _shares(reference, smoothing)
    return np.sqrt(_sum(np.square(np.sqrt(p) - np.sqrt(q))) / 2)


def total_variation(current: ArrayLike, reference: ArrayLike) -> Floats:
    """Total variation: the share of the rows that would have to move to another bin, from 0 to 1.

    >>> total_variation([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.2
    """
    return _sum(np.abs(_shares(current) - _shares(reference))) / 2


def l_infinity(current: ArrayLike, reference: ArrayLike) -> Floats:
    """The largest change of a bin's share, from 0 to 1.

    >>> l_infinity([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.15
    """
    return _max(np.abs(_shares(current) - _shares(reference)))


def chi_square(current: ArrayLike, reference: ArrayLike) -> Floats:
    """Two-sample chi-square statistic of homogeneity, of counts; bins that both left empty do not take part.

    >>> chi_square([10, 20, 30, 40], [25, 25, 25, 25]).round(4).item()
    10.9002
    """
    c, r = np.asarray(current, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    n, m = c.sum(axis=-1, keepdims=True), r.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt(m / n)
        parts = np.square(c * ratio - r / ratio) / (c + r)
    parts = np.where((c + r == 0) & (n > 0) & (m > 0), 0.0, parts)
    return _sum(parts)


def kolmogorov_smirnov(current: ArrayLike, reference: ArrayLike) -> Floats:
    """The largest difference of the two distribution functions at the edges of the bins, from 0 to 1.

    >>> kolmogorov_smirnov([10, 20, 30, 40], [25, 25, 25, 25]).round(6).item()
    0.2
    """
    return _max(np.abs(_cumulated(current, reference)))


def wasserstein(current: ArrayLike, reference: ArrayLike, centers: ArrayLike, std: float | Floats = 1.0) -> Floats:
    """Wasserstein-1 distance, in standard deviations: how far the mean row would have to move.

    All rows of a bin stand at its center, in the window as in the reference, so that a movement within a bin is not seen.

    Args:
        current: counts, shape (..., bins).
        reference: counts, of a shape that broadcasts with it.
        centers: of the bins, ascending, of such a shape.
        std: standard deviation of the reference, of the leading shape.

    Returns:
        float64 of the leading shape.

    >>> wasserstein([10, 20, 30, 40], [25, 25, 25, 25], centers=[0, 1, 2, 3]).round(6).item()
    0.5
    """
    gaps = np.diff(np.asarray(centers, dtype=np.float64), axis=-1)
    return _sum(np.abs(_cumulated(current, reference)[..., :-1]) * gaps) / std


def mean_shift(current: ArrayLike, reference: ArrayLike, centers: ArrayLike, std: float | Floats = 1.0) -> Floats:
    """By how many standard deviations the mean moved; negative when it fell. Its size is at most `wasserstein`.

    Args:
        current: counts, shape (..., bins).
        reference: counts, of a shape that broadcasts with it.
        centers: of the bins, of such a shape: all rows of a bin stand at its center.
        std: standard deviation of the reference, of the leading shape.

    Returns:
        float64 of the leading shape.

    >>> mean_shift([40, 30, 20, 10], [25, 25, 25, 25], centers=[0, 1, 2, 3], std=2).round(6).item()
    -0.25
    """
    # by differences, as a mean far from 0 would take the digits of a small movement
    gaps = np.diff(np.asarray(centers, dtype=np.float64), axis=-1)
    return -_sum(_cumulated(current, reference)[..., :-1] * gaps) / std


def _sum(parts: Floats) -> Floats:
    total: Floats = parts.sum(axis=-1)
    return total


def _max(parts: Floats) -> Floats:
    largest: Floats = parts.max(axis=-1, initial=0.0)
    return largest


def _shares(counts: ArrayLike, smoothing: float | Floats = 0.0) -> Floats:
    found = np.asarray(counts, dtype=np.float64)
    smoothed = found + smoothing
    total = np.where(found.sum(axis=-1, keepdims=True) > 0, smoothed.sum(axis=-1, keepdims=True), np.nan)
    return smoothed / total


def _cumulated(current: ArrayLike, reference: ArrayLike) -> Floats:
    """Difference of the two distribution functions at the upper end of each bin."""
    return (_shares(current) - _shares(reference)).cumsum(axis=-1)

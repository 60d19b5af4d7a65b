"""All statistics of all variables at once, from their count matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.statistics.formulas import (
    chi_square,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    mean_shift,
    psi,
    total_variation,
    wasserstein,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def distances(
    counts: ArrayLike,
    reference: ArrayLike,
    *,
    mask: ArrayLike,
    ordered: ArrayLike,
    centers: ArrayLike,
    std: ArrayLike,
    smoothing: float = 0.5,
) -> dict[str, Floats]:
    """How far each variable is from its reference, by every statistic that there is over bins.

    A statistic that does not apply is NaN: all of them where one side has no rows or the variable no bins, and the last
    three of the list below where the bins have no order, or the reference no standard deviation for the last two.

    Args:
        counts: rows by bin, shape (..., variables, bins), padded at the end.
        reference: the same of what they are compared with.
        mask: which columns are bins of a variable and no padding, shape (variables, bins).
        ordered: whether its bins lie along a line, shape (variables,).
        centers: mean reference value of each bin, ascending, shape (variables, bins); padding may hold anything.
        std: standard deviation of the reference, shape (variables,).
        smoothing: rows added to each bin of both sides, for ``psi``, ``jensen_shannon`` and ``hellinger`` only.

    Returns:
        float64 of shape (..., variables) by statistic: ``psi``, ``jensen_shannon``, ``hellinger``, ``total_variation``,
        ``l_infinity``, ``chi_square``, ``kolmogorov_smirnov``, ``wasserstein`` and ``mean_shift``. They are all
        distances from 0 up, but the last, which has a sign.

    >>> found = distances(
    ...     [[10, 20, 30, 40]], [[25, 25, 25, 25]], mask=[[True] * 4], ordered=[True], centers=[[0, 1, 2, 3]], std=[1.0]
    ... )
    >>> found["total_variation"].round(3).tolist(), found["mean_shift"].round(3).tolist()
    ([0.2], [0.5])
    """
    real = np.asarray(mask, dtype=bool)
    now = np.where(real, np.asarray(counts, dtype=np.float64), 0.0)
    then = np.where(real, np.asarray(reference, dtype=np.float64), 0.0)
    scale, atoms = line(real, ordered, centers, std)
    added = smoothing * real
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit into float64 does not apply
        found = {
            "psi": psi(now, then, added),
            "jensen_shannon": jensen_shannon(now, then, added),
            "hellinger": hellinger(now, then, added),
            "total_variation": total_variation(now, then),
            "l_infinity": l_infinity(now, then),
            "chi_square": chi_square(now, then),
            "kolmogorov_smirnov": np.where(ordered, kolmogorov_smirnov(now, then), np.nan),
            "wasserstein": wasserstein(now, then, atoms, scale),
            "mean_shift": mean_shift(now, then, atoms, scale),
        }
    found |= {name: np.where(np.isfinite(found[name]), found[name], np.nan) for name in ("wasserstein", "mean_shift")}
    nothing = (now.sum(axis=-1) == 0) | (then.sum(axis=-1) == 0)
    return {name: np.where(nothing, np.nan, values) for name, values in found.items()}


def null_rate(nulls: ArrayLike, rows: ArrayLike, reference_nulls: ArrayLike, reference_rows: ArrayLike) -> Floats:
    """By how much the share of nulls has changed, from -1 to 1; NaN where one side has no rows.

    Args:
        nulls: of the window, of any shape.
        rows: of the window, nulls included; all four broadcast.
        reference_nulls: of what it is compared with.
        reference_rows: of that, nulls included.

    >>> null_rate([30, 0], 1_000, [10, 10], 1_000).round(6).tolist()
    [0.02, -0.01]
    """
    return _ratio(nulls, rows) - _ratio(reference_nulls, reference_rows)


def line(mask: NDArray[np.bool_], ordered: ArrayLike, centers: ArrayLike, std: ArrayLike) -> tuple[Floats, Floats]:
    """Scale and bin centers of the variables that have both; NaN and 0 elsewhere.

    Padding stands at the last center, so that it is no distance from it.

    Returns:
        Standard deviations, shape (variables,), and centers, shape (variables, bins).
    """
    scale = np.asarray(std, dtype=np.float64)
    scale = np.where(np.asarray(ordered, dtype=bool) & np.isfinite(scale) & (scale > 0), scale, np.nan)
    last = np.maximum(mask.sum(axis=-1, keepdims=True) - 1, 0)
    column = np.minimum(np.arange(mask.shape[-1]), last)
    atoms = np.where(np.isnan(scale)[..., None], 0.0, np.asarray(centers, dtype=np.float64))
    return scale, np.take_along_axis(atoms, column, axis=-1)


def _ratio(hits: ArrayLike, rows: ArrayLike) -> Floats:
    of = np.asarray(rows, dtype=np.float64)
    return np.asarray(hits, dtype=np.float64) / np.where(of > 0, of, np.nan)

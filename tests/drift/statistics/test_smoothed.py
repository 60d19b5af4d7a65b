"""Expected values of functions of a smoothed count, against their sums over the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from otel_ml.drift.statistics.smoothed import gaps


def exact(n: int, share: float, smoothing: float) -> tuple[float, float, float]:
    k = np.arange(n + 1)
    weights, x, a = stats.binom.pmf(k, n, share), k + smoothing, n * share + smoothing
    return (
        float(np.log(a) - weights @ np.log(x)),
        float(weights @ (x * np.log(x)) - a * np.log(a)),
        float(np.sqrt(a) - weights @ np.sqrt(x)),
    )


@pytest.mark.parametrize("smoothing", [0.5, 1.0])
@pytest.mark.parametrize("mean", [0.001, 0.1, 0.5, 1, 3, 20, 200])
def test_rare_bins_of_many_rows_are_exact_to_two_thousandths(mean: float, smoothing: float) -> None:
    n = 20_000
    found = gaps(np.array(float(n)), np.array(mean / n), smoothing)
    # a bin that holds a hundredth of the rows is not quite Poisson any more
    np.testing.assert_allclose(found, exact(n, mean / n, smoothing), rtol=0.002 + mean / n / 10)


@pytest.mark.parametrize(("n", "share"), [(10, 0.5), (30, 0.5), (30, 0.2), (100, 0.9), (20, 0.05), (1_000, 0.3)])
def test_large_bins_of_few_rows_are_within_two_percent(n: int, share: float) -> None:
    np.testing.assert_allclose(gaps(np.array(float(n)), np.array(share), 0.5), exact(n, share, 0.5), rtol=0.025)


def test_a_bin_of_none_or_of_all_rows_has_no_gap() -> None:
    for gap in gaps(np.array(50.0), np.array([0.0, 1.0]), 0.5):
        np.testing.assert_array_equal(gap, [0, 0])

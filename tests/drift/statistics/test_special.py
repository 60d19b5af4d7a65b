"""The quantiles of the binomial and chi-square families, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from otel_ml.drift.statistics.special import binomial_upper, chi_square_quantile

CONFIDENCES = (0.5, 0.9, 0.975, 0.999, 1 - 1e-9)


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("trials", [1, 2, 10, 1_000, 10**5, 10**7])
def test_binomial_upper_is_the_bound_of_clopper_and_pearson(confidence: float, trials: int) -> None:
    hits = np.unique([0, 1, 2, 5, trials // 1000, trials // 10, trials // 2, trials - 1]).clip(0, trials - 1)
    expected = stats.beta.ppf(confidence, hits + 1, trials - hits)
    np.testing.assert_allclose(binomial_upper(hits, trials, confidence), expected, rtol=1e-9)


@pytest.mark.parametrize("hits", [0, 3, 10**5])
def test_binomial_upper_holds_for_a_thousand_million_rows(hits: int) -> None:
    bound = binomial_upper(hits, 10**9)  # the quantile of scipy has fewer digits here than its tail
    assert stats.beta.sf(bound, hits + 1, 10**9 - hits) == pytest.approx(1e-3, rel=1e-6)


def test_binomial_upper_without_successes_has_a_closed_form() -> None:
    trials = np.array([1, 7, 2_000])
    np.testing.assert_allclose(binomial_upper(0, trials), 1 - 0.001 ** (1 / trials), rtol=1e-10)


def test_binomial_upper_of_nothing_or_of_all_is_one() -> None:
    assert binomial_upper([0, 5], [0, 5]).tolist() == [1.0, 1.0]


@given(st.integers(1, 10**12), st.data())
def test_binomial_upper_lies_above_the_share_and_grows_with_the_successes(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials - 1))
    low, high = binomial_upper([hits, hits + 1], trials)
    assert hits / trials < low <= high <= 1


def test_binomial_upper_covers_the_true_share_as_often_as_it_says() -> None:
    hits = np.random.default_rng(7).binomial(2_000, 0.003, 100_000)
    missed = float((binomial_upper(hits, 2_000, 0.99) < 0.003).mean())
    assert missed <= 0.01


@pytest.mark.parametrize(("hits", "trials", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1.0), (1, 5, 0.2)])
def test_binomial_upper_refuses_what_has_no_bound(hits: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"successes|confidence"):
        binomial_upper(hits, trials, confidence)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_chi_square_quantile_equals_scipys(confidence: float) -> None:
    freedom = np.arange(1, 400)
    np.testing.assert_allclose(
        chi_square_quantile(confidence, freedom), stats.chi2.ppf(confidence, freedom), rtol=1e-10
    )


def test_chi_square_quantile_without_freedom_is_zero() -> None:
    assert chi_square_quantile(0.999, [0, 1])[0] == 0

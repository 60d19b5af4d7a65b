"""The quantiles of the chi-square family, against scipy."""

from __future__ import annotations

import pytest
from scipy import stats

from otel_ml.drift.statistics.chi_square import chi_square_quantile


@pytest.mark.parametrize("confidence", [0.001, 0.5, 0.9, 0.975, 0.999, 1 - 1e-9])
@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 19, 40, 250, 399])
def test_it_equals_scipys(confidence: float, freedom: int) -> None:
    expected = stats.chi2.ppf(confidence, freedom)
    assert chi_square_quantile(confidence, freedom) == pytest.approx(
        expected, rel=1e-6 if confidence > 0.9999 else 1e-9
    )


def test_without_freedom_it_is_zero() -> None:
    assert chi_square_quantile(0.999, 0) == 0


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, float("nan")])
def test_a_probability_of_all_or_nothing_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        chi_square_quantile(confidence, 3)

"""Log-gamma against scipy, and where scipy itself has no digits, against its series."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from otel_ml.drift.statistics.gamma import gammaln


def test_gammaln_equals_scipys_from_the_smallest_to_the_largest() -> None:
    x = np.concatenate([10 ** np.linspace(-307, 305, 5_001), np.linspace(0.001, 20, 20_001)])
    expected = special.gammaln(x)
    # scipy itself has few digits at the zeros; these have a test of their own
    np.testing.assert_allclose(gammaln(x), expected, rtol=1e-12, atol=1e-14)


def test_gammaln_keeps_its_digits_at_its_zeros() -> None:
    z = np.array([-1e-4, -3e-9, 2e-15, 7e-12, 1e-5])
    for x, first in ((1.0, -np.euler_gamma), (2.0, 1 - np.euler_gamma)):
        z = (x + z) - x  # what float64 has room for
        second = special.polygamma(1, x) / 2
        third = special.polygamma(2, x) / 6
        np.testing.assert_allclose(gammaln(x + z), z * (first + z * (second + z * third)), rtol=1e-11)
        assert gammaln(x) == 0


def test_gammaln_has_the_limits_and_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    np.testing.assert_array_equal(gammaln([0.0, np.inf, np.nan]), [np.inf, np.inf, np.nan])
    assert gammaln(5e-324) == pytest.approx(-np.log(5e-324))  # where scipy says infinity
    assert not recwarn


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4), (40_000,)])
def test_gammaln_keeps_the_shape(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).uniform(0.1, 30, shape)
    assert gammaln(x).shape == shape
    np.testing.assert_allclose(gammaln(x), special.gammaln(x), rtol=1e-12, atol=1e-14)

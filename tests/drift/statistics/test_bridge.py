"""Expected largest deviations, where they are known otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from otel_ml.drift.statistics.bridge import largest


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5])
def test_two_bins_deviate_like_one_gaussian_variable(share: float) -> None:
    expected = np.sqrt(2 / np.pi * share * (1 - share))
    for found in largest(np.array([[share, 1 - share]])):
        assert found[0] == pytest.approx(expected, rel=0.03)


def test_many_bins_cumulated_come_near_kolmogorovs_distribution() -> None:
    bins = 200
    _, found = largest(np.full((1, bins), 1 / bins))
    # seen at so many points only, the bridge's largest deviation is lower by .5826 of the root of a step
    assert found[0] == pytest.approx(stats.kstwobign.mean() - 0.5826 / np.sqrt(bins), rel=0.02)


def test_many_bins_deviate_like_independent_gaussian_variables() -> None:
    bins = 100
    found, _ = largest(np.full((1, bins), 1 / bins))
    t = np.linspace(0, 8, 4_001)
    expected = np.trapezoid(1 - special.erf(t / np.sqrt(2)) ** bins, t)
    assert found[0] * np.sqrt(bins) == pytest.approx(expected, rel=0.02)


def test_padding_and_the_other_variables_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.ones(9), 150)
    shares[:, 6:] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    together = largest(shares)
    for row in (0, 70, 149):
        for all_, one in zip(together, largest(shares[row : row + 1]), strict=True):
            assert one[0] == pytest.approx(all_[row], rel=1e-12)


def test_there_may_be_nothing() -> None:
    assert [found.tolist() for found in largest(np.zeros((2, 0)))] == [[0, 0], [0, 0]]
    assert [found.shape for found in largest(np.zeros((0, 5)))] == [(0,), (0,)]

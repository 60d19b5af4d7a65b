"""How far chance alone leads: against simulation and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from otel_ml.drift.detection.tolerance import noise_quantile, share_bounds


@pytest.mark.parametrize("rows", [2_000, 20_000])
@pytest.mark.parametrize(
    "shares",
    [np.full(20, 0.05), np.full(10, 0.1), np.array([0.9, 0.07, 0.02, 0.01]), 1 / np.arange(1, 16) / 3.318228993228994],
)
def test_chance_exceeds_the_quantile_as_rarely_as_it_should(shares: np.ndarray, rows: int) -> None:
    rng = np.random.default_rng(4)
    shares = shares / shares.sum()
    noise = 0.5 * np.abs(rng.multinomial(rows, shares, size=40_000) / rows - shares).sum(-1)
    found = float(noise_quantile(shares, np.array(rows)))
    assert (noise > found).mean() <= 0.002
    assert found <= 1.15 * np.quantile(noise, 0.999)


def test_two_bins_are_on_the_safe_side() -> None:
    rng = np.random.default_rng(4)
    noise = np.abs(rng.binomial(2000, 0.5, size=40_000) / 2000 - 0.5)
    assert (noise > noise_quantile(np.full(2, 0.5), np.array(2000))).mean() <= 0.001


def test_one_bin_has_no_noise_and_padding_none_either() -> None:
    assert noise_quantile(np.array([1.0]), np.array(2000)) == 0
    padded = noise_quantile(np.array([0.5, 0.5, 0.0]), np.array(2000))
    assert padded == pytest.approx(float(noise_quantile(np.array([0.5, 0.5]), np.array(2000))))


def test_rarer_is_farther_and_more_rows_are_nearer() -> None:
    shares = np.full(20, 0.05)
    assert noise_quantile(shares, np.array(2000), 1e-7) > noise_quantile(shares, np.array(2000))
    assert noise_quantile(shares, np.array(8000)) == pytest.approx(float(noise_quantile(shares, np.array(2000))) / 2)


@pytest.mark.parametrize(("hits", "rows"), [(0, 10_000), (10, 10_000), (300, 1_000), (1_000, 1_000)])
def test_bounds_of_a_share_hold_those_of_clopper_and_pearson(hits: int, rows: int) -> None:
    low, high = share_bounds(np.array(hits), np.array(rows))
    exact_low = beta.ppf(0.001, hits, rows - hits + 1) if hits else 0.0
    exact_high = beta.ppf(0.999, hits + 1, rows - hits) if hits < rows else 1.0
    assert low <= exact_low + 1e-9
    assert high >= exact_high - 1e-9
    assert high - low <= 1.25 * (exact_high - exact_low)

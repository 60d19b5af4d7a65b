"""The value of each statistic with no drift, against simulated samples of one source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from otel_ml.drift.statistics.distances import distances, null_rate
from otel_ml.drift.statistics.formulas import psi
from otel_ml.drift.statistics.noise import Noise, min_rows, noise, null_rate_noise

SAMPLES = 20_000
SIMULATION = 0.02
"""What the simulation itself may be off: three standard errors of the index of two bins."""


def source(kind: str, bins: int) -> NDArray[np.float64]:
    weights: dict[str, NDArray[np.float64]] = {
        "uniform": np.ones(bins),
        "zipf": 1 / np.arange(1.0, bins + 1),
        "atom": np.concatenate([[9.0], np.full(bins - 1, 1 / (bins - 1))]),
    }
    shares: NDArray[np.float64] = weights[kind] / weights[kind].sum()
    return shares


def relative_errors(shares: NDArray[np.float64], n: int, m: int) -> dict[str, float]:
    rng = np.random.default_rng(len(shares) * 1_000_003 + n)
    bins = len(shares)
    centers = np.sort(rng.normal(3, 2, bins))
    std = float(np.sqrt(np.cov(centers, aweights=shares, ddof=0)))
    kinds: dict[str, Any] = {"mask": np.ones((1, bins), bool), "ordered": [True], "centers": [centers], "std": [std]}
    drawn = (rng.multinomial(rows, shares, (SAMPLES, 1)) for rows in (n, m))
    expected = noise([n], [m], [shares], **kinds)
    found = distances(*drawn, **kinds)
    return {name: float(expected[name][0] / np.abs(found[name]).mean() - 1) for name in found}


@pytest.mark.parametrize("kind", ["uniform", "zipf"])
@pytest.mark.parametrize("bins", [2, 10, 20])
@pytest.mark.parametrize(("n", "m"), [(400, 10_000), (1_000, 1_000), (10_000, 2_000)])
def test_it_is_within_three_percent_where_bins_have_five_rows(kind: str, bins: int, n: int, m: int) -> None:
    errors = relative_errors(source(kind, bins), n, m)
    assert max(map(abs, errors.values())) < 0.03 + SIMULATION, errors


@pytest.mark.parametrize("kind", ["uniform", "zipf", "atom"])
@pytest.mark.parametrize(("n", "m"), [(30, 10_000), (100, 100), (50, 200)])
def test_it_is_within_twelve_percent_where_most_bins_are_nearly_empty(kind: str, n: int, m: int) -> None:
    errors = relative_errors(source(kind, 30), n, m)
    assert max(map(abs, errors.values())) < 0.12, errors


def test_the_index_comes_to_the_rule_of_thumb_in_full_bins() -> None:
    found = Noise([source("uniform", 20)], mask=np.ones((1, 20), bool), ordered=[True], centers=[range(20)], std=[1.0])
    for n, m in ((10_000, 10_000), (100_000, 5_000)):
        assert found.at([n], [m])["psi"][0] == pytest.approx(19 * (1 / n + 1 / m), rel=0.01)


def test_smoothing_of_a_small_window_is_part_of_the_noise() -> None:
    # half a row in each of 19 nearly empty bins looks like drift away from the heavy one
    shares = source("atom", 20)
    drawn = np.random.default_rng(5).multinomial(20, shares, SAMPLES)
    kinds: dict[str, Any] = {"mask": np.ones((1, 20), bool), "ordered": [True], "centers": [range(20)], "std": [1.0]}
    found = noise([20], [10**7], [shares], **kinds)["psi"][0]
    assert found == pytest.approx(float(psi(drawn, shares * 10**7, 0.5).mean()), rel=0.02)
    assert found > 1.3 * 19 / 20 / 10


def test_it_is_nan_where_a_statistic_does_not_apply(recwarn: pytest.WarningsRecorder) -> None:
    mask = np.ones((5, 3), bool)
    mask[3] = False
    reference = np.array([[10, 20, 30]] * 4 + [[0, 0, 0]])
    found = noise(
        [100, 0, 100, 100, 100], [1_000] * 5, reference,
        mask=mask, ordered=[False, True, True, True, True], centers=[[0, 1, np.nan]] * 2 + [[0, 1, 2]] * 3,
        std=[1, 1, 0, 1, 1],
    )  # fmt: skip
    assert not recwarn
    line = {"kolmogorov_smirnov", "wasserstein", "mean_shift"}
    assert {name for name in found if np.isnan(found[name][0])} == line
    assert {name for name in found if np.isnan(found[name][2])} == line - {"kolmogorov_smirnov"}
    assert all(np.isnan(values[[1, 3, 4]]).all() for values in found.values())


def test_scores_and_noise_apply_to_the_same_variables() -> None:
    rng = np.random.default_rng(4)
    mask = np.arange(6) < rng.integers(0, 7, 40)[:, None]
    counts, reference = (rng.integers(0, 3, (40, 6)) * mask for _ in range(2))
    kinds: dict[str, Any] = {
        "mask": mask,
        "ordered": rng.random(40) < 0.5,
        "centers": np.sort(rng.normal(size=(40, 6)), axis=1),
        "std": rng.choice([0.0, 1.0, np.nan], 40),
    }
    scores = distances(counts, reference, **kinds)
    expected = noise(counts.sum(axis=1), reference.sum(axis=1), reference, **kinds)
    for name, values in scores.items():
        np.testing.assert_array_equal(np.isnan(values), np.isnan(expected[name]), err_msg=name)


def test_a_constant_has_no_noise() -> None:
    kinds: dict[str, Any] = {"mask": [[True, False]], "ordered": [True], "centers": [[7, 7]], "std": [1.0]}
    assert {float(values[0]) for values in noise([50], [60], [[60, 0]], **kinds).values()} == {0.0}


def test_it_falls_with_the_rows_and_is_the_same_every_time() -> None:
    shares = source("zipf", 12)
    kinds: dict[str, Any] = {"mask": np.ones((1, 12), bool), "ordered": [True], "centers": [range(12)], "std": [2.0]}
    rows = np.array([[50], [500], [5_000], [10**12]])
    found, again = (Noise([shares], **kinds).at(rows, [20_000]) for _ in range(2))
    for name, values in found.items():
        np.testing.assert_array_equal(values, again[name])
        assert values.shape == (4, 1)
        assert np.isfinite(values).all()
        assert name == "chi_square" or (np.diff(values[:, 0]) < 0).all(), name


def test_smoothing_is_needed() -> None:
    with pytest.raises(ValueError, match="smoothing must be above 0"):
        noise([1], [1], [[1]], mask=[[True]], ordered=[False], centers=[[0]], std=[1], smoothing=0)


@pytest.mark.parametrize("ratio", [0.001, 0.1, 0.5])
def test_the_null_rate_is_as_simulated(ratio: float) -> None:
    rng = np.random.default_rng(8)
    drawn = (rng.binomial(rows, ratio, SAMPLES) for rows in (4_000, 10_000))
    nulls, reference_nulls = drawn
    found = np.abs(null_rate(nulls, 4_000, reference_nulls, 10_000)).mean()
    assert null_rate_noise(4_000, 10_000, ratio) == pytest.approx(float(found), rel=0.05)
    assert np.isnan(null_rate_noise(0, 10, 0.5))


def test_the_gate_is_the_rows_from_which_the_index_stays_below_its_limit() -> None:
    assert min_rows(10_000, [10, 20]).tolist() == [287, 458]
    rng = np.random.default_rng(9)
    for bins in (2, 10, 20):
        n = int(min_rows(10_000, bins))
        current, reference = (rng.multinomial(rows, np.full(bins, 1 / bins), 100_000) for rows in (n, 10_000))
        scores = psi(current, reference, 0.5)
        assert 0.0006 < (scores > 0.1).mean() < 0.0015


def test_the_gate_follows_from_the_quantile_of_chi_square() -> None:
    for m, bins, limit in ((2_000, 5, 0.1), (10**6, 33, 0.2)):
        n = 1 / (limit / stats.chi2.ppf(0.999, bins - 1) - 1 / m)
        assert min_rows(m, bins, limit=limit) == round(n)


def test_a_reference_that_is_too_small_has_no_number_of_rows_and_a_constant_needs_one() -> None:
    assert min_rows([278, 0], 10).tolist() == [np.inf, np.inf]
    assert min_rows(10_000, [1, 0]).tolist() == [1, 1]

"""Each formula against scipy, the fixed vector of the formula sheet, and what holds for any counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

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

Floats = NDArray[np.float64]
Formula = Callable[..., Floats]

FIXED = {psi: 0.228217, jensen_shannon: 0.200503, hellinger: 0.167900, total_variation: 0.2, l_infinity: 0.15}
"""p = (.1, .2, .3, .4) against uniform."""

SMOOTHED: tuple[Formula, ...] = (psi, jensen_shannon, hellinger)
BOUNDED: tuple[Formula, ...] = (jensen_shannon, hellinger, total_variation, l_infinity, kolmogorov_smirnov)
DISTANCES: tuple[Formula, ...] = (*BOUNDED, psi, chi_square)
UNORDERED: tuple[Formula, ...] = (psi, jensen_shannon, hellinger, total_variation, l_infinity, chi_square)

NUMBER = st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 2**53))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Two count vectors over the same bins, each with at least one row."""
    bins = draw(st.integers(1, 12))
    vectors = [draw(st.lists(NUMBER, min_size=bins, max_size=bins).filter(any)) for _ in range(2)]
    return np.array(vectors[0], dtype=np.float64), np.array(vectors[1], dtype=np.float64)


def samples(seed: int, bins: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    current, reference = (rng.multinomial(rows, rng.dirichlet(np.full(bins, 0.5))) for rows in (731, 20_011))
    return current.astype(np.float64), reference.astype(np.float64)


@pytest.mark.parametrize("formula", FIXED, ids=lambda formula: formula.__name__)
@pytest.mark.parametrize("rows", [1, 10, 1e12])
def test_the_fixed_vector_holds(formula: Formula, rows: float) -> None:
    assert formula(np.array([0.1, 0.2, 0.3, 0.4]) * rows, np.full(4, 250)) == pytest.approx(FIXED[formula], abs=5e-7)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bins", [2, 10, 40])
class TestAgainstScipy:
    def test_jensen_shannon(self, seed: int, bins: int) -> None:
        current, reference = samples(seed, bins)
        assert jensen_shannon(current, reference) == pytest.approx(jensenshannon(current, reference, base=2), abs=1e-9)

    def test_kolmogorov_smirnov(self, seed: int, bins: int) -> None:
        current, reference = samples(seed, bins)
        expected = stats.ks_2samp(*(np.repeat(np.arange(bins), rows.astype(int)) for rows in (current, reference)))
        assert kolmogorov_smirnov(current, reference) == pytest.approx(expected.statistic, abs=1e-9)

    def test_wasserstein_and_mean(self, seed: int, bins: int) -> None:
        current, reference = samples(seed, bins)
        centers = np.sort(np.random.default_rng(seed).normal(1e6, 3, bins))
        expected = stats.wasserstein_distance(centers, centers, current, reference)
        assert wasserstein(current, reference, centers) == pytest.approx(expected, abs=1e-9)
        assert wasserstein(current, reference, centers, 4) == pytest.approx(expected / 4, abs=1e-9)
        moved = np.average(centers - 1e6, weights=current) - np.average(centers - 1e6, weights=reference)
        assert mean_shift(current, reference, centers, 4) == pytest.approx(moved / 4, abs=1e-9)

    def test_chi_square(self, seed: int, bins: int) -> None:
        table = np.stack(samples(seed, bins))
        filled = table[:, table.any(axis=0)]
        expected = stats.chi2_contingency(filled, correction=False).statistic
        assert chi_square(*table) == pytest.approx(expected, rel=1e-9)

    def test_psi_and_hellinger_by_their_definitions(self, seed: int, bins: int) -> None:
        p, q = ((rows + 1) / (rows + 1).sum() for rows in samples(seed, bins))
        assert psi(p, q) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-9)
        assert hellinger(p, q) == pytest.approx(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2), abs=1e-9)


@pytest.mark.parametrize("formula", SMOOTHED)
def test_smoothing_adds_rows_to_each_bin_of_both(formula: Formula) -> None:
    current, reference = samples(1, 12)
    assert formula(current, reference, 0.5) == pytest.approx(float(formula(current + 0.5, reference + 0.5)), rel=1e-12)


def test_a_bin_that_is_empty_on_one_side_is_infinite_without_smoothing_alone() -> None:
    assert psi([0, 10], [5, 5]) == np.inf
    assert np.isfinite(psi([0, 10], [5, 5], 0.5))
    assert psi([0, 10, 10], [0, 5, 5]) == 0


@pytest.mark.parametrize("formula", BOUNDED)
def test_no_row_in_common_is_as_far_as_can_be(formula: Formula) -> None:
    assert formula([7, 0], [0, 3]) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("formula", DISTANCES)
def test_a_side_without_rows_has_no_distance(formula: Formula, recwarn: pytest.WarningsRecorder) -> None:
    assert np.isnan(formula([0, 0], [1, 2]))
    assert np.isnan(formula([1, 2], [0, 0]))
    assert np.isnan(formula([0, 0], [0, 0]))
    assert not recwarn


@pytest.mark.parametrize("formula", DISTANCES)
@given(pair=pairs())
def test_symmetry(formula: Formula, pair: tuple[Floats, Floats]) -> None:
    there, back = formula(*pair), formula(*pair[::-1])
    assert there == pytest.approx(float(back), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("formula", DISTANCES)
@given(pair=pairs())
def test_identical_is_zero_and_nothing_is_below(formula: Formula, pair: tuple[Floats, Floats]) -> None:
    assert formula(pair[0], pair[0]) == 0
    assert formula(*pair) >= 0


@pytest.mark.parametrize("formula", BOUNDED)
@given(pair=pairs(), factor=st.integers(1, 1_000))
def test_bounds_and_scale(formula: Formula, pair: tuple[Floats, Floats], factor: int) -> None:
    found = float(formula(*pair))
    assert found <= 1 + 1e-12
    assert formula(pair[0] * factor, pair[1]) == pytest.approx(found, abs=1e-7)


@pytest.mark.parametrize("formula", UNORDERED)
@given(pair=pairs(), order=st.randoms(use_true_random=False))
def test_the_order_of_bins_does_not_matter_without_a_line(
    formula: Formula, pair: tuple[Floats, Floats], order: Any
) -> None:
    shuffled = list(range(len(pair[0])))
    order.shuffle(shuffled)
    assert formula(pair[0][shuffled], pair[1][shuffled]) == pytest.approx(float(formula(*pair)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("formula", DISTANCES)
@given(pair=pairs(), padding=st.integers(0, 4))
def test_bins_that_both_left_empty_change_nothing(formula: Formula, pair: tuple[Floats, Floats], padding: int) -> None:
    padded = [np.pad(side, (0, padding)) for side in pair]
    assert formula(*padded) == pytest.approx(float(formula(*pair)), rel=1e-9, abs=1e-12)


@given(pair=pairs())
def test_inequalities_between_the_distances(pair: tuple[Floats, Floats]) -> None:
    tv, h = float(total_variation(*pair)), float(hellinger(*pair))
    assert h**2 <= tv + 1e-12
    assert tv <= h * np.sqrt(2 - h**2) + 1e-12
    assert max(float(kolmogorov_smirnov(*pair)), float(l_infinity(*pair))) <= tv + 1e-12
    assert jensen_shannon(*pair) ** 2 <= tv + 1e-12
    centers = np.arange(len(pair[0]))
    assert abs(mean_shift(*pair, centers)) <= wasserstein(*pair, centers) + 1e-12


@given(pair=pairs(), move=st.floats(-1e3, 1e3), stretch=st.floats(1e-3, 1e3))
def test_units_do_not_matter_along_a_line(pair: tuple[Floats, Floats], move: float, stretch: float) -> None:
    centers = np.arange(float(len(pair[0])))
    for formula in (wasserstein, mean_shift):
        other = formula(*pair, centers * stretch + move, stretch)
        assert other == pytest.approx(float(formula(*pair, centers)), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("formula", DISTANCES)
def test_leading_shapes_broadcast(formula: Formula) -> None:
    current = np.random.default_rng(2).integers(0, 50, (3, 4, 6))
    reference = np.random.default_rng(3).integers(1, 50, (4, 6))
    found = formula(current, reference)
    assert found.shape == (3, 4)
    assert found[2, 1] == pytest.approx(float(formula(current[2, 1], reference[1])), rel=1e-12)


def test_the_three_smoothed_distances_agree_for_small_differences() -> None:
    current, reference = np.array([251, 249, 250, 250]), np.full(4, 250)
    squared = hellinger(current, reference) ** 2
    assert psi(current, reference) / 8 == pytest.approx(float(squared), rel=1e-4)
    assert jensen_shannon(current, reference) ** 2 * np.log(2) == pytest.approx(float(squared), rel=1e-4)

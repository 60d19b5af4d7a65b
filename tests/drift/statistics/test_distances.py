"""All statistics of a matrix of counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from otel_ml.drift.report import SCORES
from otel_ml.drift.statistics import formulas
from otel_ml.drift.statistics.distances import distances, null_rate

LINE = ("kolmogorov_smirnov", "wasserstein", "mean_shift")


def matrix(seed: int, variables: int = 6, bins: int = 8) -> tuple[NDArray[Any], NDArray[Any], dict[str, Any]]:
    """Counts, reference and the description of variables of one to `bins` bins."""
    rng = np.random.default_rng(seed)
    mask = np.arange(bins) < rng.integers(1, bins + 1, variables)[:, None]
    counts, reference = (rng.integers(1, 90, (variables, bins)) * mask for _ in range(2))
    centers = np.sort(rng.normal(5, 2, (variables, bins)), axis=1)
    std = rng.uniform(0.5, 3, variables)
    return counts, reference, {"mask": mask, "ordered": np.ones(variables, bool), "centers": centers, "std": std}


def same(left: dict[str, NDArray[Any]], right: dict[str, NDArray[Any]]) -> None:
    assert left.keys() == right.keys()
    for name, values in left.items():
        np.testing.assert_allclose(values, right[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_there_is_a_distance_for_every_score_over_bins() -> None:
    counts, reference, kinds = matrix(1)
    assert set(distances(counts, reference, **kinds)) == set(SCORES) - {"null_rate"}


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_each_variable_is_as_its_formula_has_it_without_the_padding(smoothing: float) -> None:
    counts, reference, kinds = matrix(2)
    found = distances(counts, reference, **kinds, smoothing=smoothing)
    for row, (mask, centers, std) in enumerate(zip(kinds["mask"], kinds["centers"], kinds["std"], strict=True)):
        c, r = counts[row, mask], reference[row, mask]
        expected = {name: getattr(formulas, name)(c, r, smoothing) for name in ("psi", "jensen_shannon", "hellinger")}
        plain = ("total_variation", "l_infinity", "chi_square", "kolmogorov_smirnov")
        expected |= {name: getattr(formulas, name)(c, r) for name in plain}
        expected |= {name: getattr(formulas, name)(c, r, centers[mask], std) for name in ("wasserstein", "mean_shift")}
        same({name: values[row] for name, values in found.items()}, expected)


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -1e300])
def test_what_stands_in_the_padding_does_not_matter(rubbish: float) -> None:
    counts, reference, kinds = matrix(3)
    clean = distances(counts, reference, **kinds)
    filled = {**kinds, "centers": np.where(kinds["mask"], kinds["centers"], rubbish)}
    same(clean, distances(np.where(kinds["mask"], counts, 77), reference, **filled))


def test_bins_without_an_order_have_no_distance_along_a_line() -> None:
    counts, reference, kinds = matrix(4)
    kinds["ordered"][::2] = False
    found = distances(counts, reference, **kinds)
    for name, values in found.items():
        assert np.isnan(values[::2]).all() == (name in LINE)
        assert np.isfinite(values[1::2]).all()


@pytest.mark.parametrize("std", [0.0, np.nan, -1.0, np.inf])
def test_without_a_standard_deviation_nothing_is_measured_in_it(std: float) -> None:
    counts, reference, kinds = matrix(5)
    found = distances(counts, reference, **{**kinds, "std": np.full(6, std)})
    assert np.isnan(found["wasserstein"]).all()
    assert np.isnan(found["mean_shift"]).all()
    assert np.isfinite(found["kolmogorov_smirnov"]).all()


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_without_rows_and_a_variable_without_bins_have_no_scores(
    side: int, recwarn: pytest.WarningsRecorder
) -> None:
    *sides, kinds = matrix(6)
    sides[side][1] = 0
    kinds["mask"][3] = False
    found = distances(*sides, **kinds)
    assert not recwarn
    for values in found.values():
        assert np.isnan(values[[1, 3]]).all()
        assert np.isfinite(values[[0, 2, 4, 5]]).all()


def test_nothing_at_all_is_no_trouble() -> None:
    kinds: dict[str, Any] = {
        "mask": np.zeros((0, 0), bool),
        "ordered": np.zeros(0, bool),
        "centers": np.zeros((0, 0)),
        "std": [],
    }
    assert {values.shape for values in distances(np.zeros((0, 0)), np.zeros((0, 0)), **kinds).values()} == {(0,)}
    masked: dict[str, Any] = {
        "mask": np.zeros((2, 0), bool),
        "ordered": [True] * 2,
        "centers": np.zeros((2, 0)),
        "std": [1.0] * 2,
    }
    for values in distances(np.zeros((2, 0)), np.zeros((2, 0)), **masked).values():
        assert np.isnan(values).all()


def test_windows_of_one_reference_are_scored_together() -> None:
    counts, reference, kinds = matrix(7)
    windows = np.stack([counts, counts[:, ::-1] * kinds["mask"] + 1, reference])
    together = distances(windows, reference, **kinds)
    for at, window in enumerate(windows):
        same({name: values[at] for name, values in together.items()}, distances(window, reference, **kinds))


@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
def test_the_order_of_variables_does_not_matter(seed: int, order: list[int]) -> None:
    counts, reference, kinds = matrix(seed)
    found = distances(counts, reference, **kinds)
    shuffled = distances(counts[order], reference[order], **{name: values[order] for name, values in kinds.items()})
    same({name: values[order] for name, values in found.items()}, shuffled)


@given(
    counts=st.lists(st.integers(0, 2**63 - 1), min_size=5, max_size=5),
    reference=st.lists(st.integers(0, 2**63 - 1), min_size=5, max_size=5),
    centers=st.lists(st.floats(-1.7e308, 1.7e308), min_size=5, max_size=5),
    std=st.floats(5e-324, 1.7e308),
)
def test_no_counts_or_centers_make_an_infinity(
    counts: list[int], reference: list[int], centers: list[float], std: float
) -> None:
    kinds: dict[str, Any] = {
        "mask": np.ones((1, 5), bool),
        "ordered": [True],
        "centers": [sorted(centers)],
        "std": [std],
    }
    with np.errstate(all="raise", under="ignore"):
        found = distances(np.array([counts], dtype=np.uint64), [reference], **kinds)
    rows = any(counts) and any(reference)
    for name, values in found.items():
        assert not np.isinf(values).any(), name
        assert np.isfinite(values).all() == rows or name in ("wasserstein", "mean_shift"), name


def test_mean_shift_has_the_sign_of_the_movement() -> None:
    kinds: dict[str, Any] = {
        "mask": np.ones((2, 3), bool),
        "ordered": [True] * 2,
        "centers": [[0, 1, 2]] * 2,
        "std": [0.5] * 2,
    }
    found = distances([[0, 0, 9], [9, 0, 0]], [[0, 9, 0], [0, 9, 0]], **kinds)
    np.testing.assert_allclose(found["mean_shift"], [2, -2])
    np.testing.assert_allclose(found["wasserstein"], [2, 2])


def test_null_rate_is_a_change_of_shares_with_a_sign() -> None:
    found = null_rate([5, 0, 3, 0], [10, 10, 0, 10], [0, 5, 1, 1], [10, 10, 10, 0])
    np.testing.assert_allclose(found, [0.5, -0.5, np.nan, np.nan])

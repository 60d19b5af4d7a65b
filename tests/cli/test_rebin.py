"""Counts laid onto other bins: exact where that is possible, and never a difference that is not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.cli.baseline.rebin import onto
from otel_ml.drift.baseline import Baseline
from otel_ml.drift.variables import Variable


def fit(values: object, bins: int = 20) -> Variable:
    return Baseline.fit({"x": values}, projections=False, bins=bins).variables[0]


def counts_of(variable: Variable, values: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(variable.edges, values, side="left"), minlength=len(variable.counts))


def total_variation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["normal", "exponential", "lattice", "atom"]), st.floats(-1, 1))
def test_shifted_samples_are_as_far_apart_as_their_values(seed: int, shape: str, shift: float) -> None:
    random = np.random.default_rng(seed)

    def sample(by: float) -> np.ndarray:
        drawn = random.exponential(size=8_000) if shape == "exponential" else random.normal(size=8_000)
        drawn = drawn + by
        if shape == "atom":
            drawn[random.random(8_000) < 0.3] = 0.0
        return np.round(drawn, 1) if shape == "lattice" else drawn

    then, now = sample(0.0), sample(shift)
    was, is_now = fit(then), fit(now)
    laid = onto(was, is_now)
    assert laid.sum() == pytest.approx(len(now))
    assert (laid >= 0).all()
    exact = counts_of(was, now)
    assert total_variation(laid, np.array(was.counts)) == pytest.approx(
        total_variation(exact, np.array(was.counts)), abs=0.06
    )


@pytest.mark.parametrize("bins", [5, 13, 20, 40])
def test_other_bins_of_the_same_values_make_no_difference(bins: int) -> None:
    for values in (np.random.default_rng(0).normal(size=20_000), np.random.default_rng(0).integers(0, 50, 20_000)):
        was, is_now = fit(values), fit(values, bins)
        assert total_variation(onto(was, is_now), np.array(was.counts)) < 0.02


def test_the_same_bins_are_exact() -> None:
    values = np.random.default_rng(0).normal(size=5_000)
    variable = fit(values)
    assert onto(variable, variable).tolist() == list(variable.counts)


def test_categories_are_found_by_name() -> None:
    was = Variable("x", kind="categorical", rows=100, categories=("a", "b"), known=("c",), counts=(50, 30, 20))
    now = Variable("x", kind="categorical", rows=100, categories=("b", "d", "a"), known=(), counts=(60, 30, 10, 0))
    assert onto(was, now).tolist() == [10, 60, 30]
    rare = Variable("x", kind="categorical", rows=100, categories=("b",), known=("a",), counts=(30, 70))
    assert onto(was, rare).tolist() == [50, 30, 20]  # some of its others are a, no one knows how many


def test_values_beyond_all_edges_are_in_the_outer_bins() -> None:
    was = fit(np.linspace(0, 1, 3_000))
    above, below = onto(was, fit(np.linspace(5, 6, 3_000))), onto(was, fit(np.linspace(-6, -5, 3_000)))
    assert above[-1] == below[0] == 3_000

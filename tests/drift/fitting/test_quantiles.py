"""Ranks from the sketch lie within its stated bound of the exact ones, however it was fed and merged."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.fitting.distribution import Distribution
from otel_ml.drift.fitting.quantiles import CELLS, EXACT, Quantiles, joined

BLOCK = 16_384


def sketch(values: np.ndarray, block: int = BLOCK) -> Quantiles:
    found = Quantiles()
    for start in range(0, len(values), block):
        found.add(*joined(np.sort(values[start : start + block])))
    return found


def worst(quantiles: Quantiles, values: np.ndarray) -> int:
    """The largest error of any rank, in rows."""
    ordered = np.sort(values)
    places, weights = quantiles.summary()
    asked = np.concatenate([ordered[:: max(1, len(ordered) // 5000)], places])
    true = np.searchsorted(ordered, asked, side="right")
    told = np.append(0, np.cumsum(weights))[np.searchsorted(places, asked, side="right")]
    return int(np.abs(true - told).max())


SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.standard_cauchy(size=n),
    "with an atom": lambda rng, n: np.where(rng.random(n) < 0.3, 0.0, rng.exponential(size=n)),
    "rounded": lambda rng, n: np.round(rng.normal(size=n), 4),
    "ascending": lambda rng, n: np.arange(float(n)),
    "descending": lambda rng, n: -np.arange(float(n)),
    "shifting": lambda rng, n: rng.normal(size=n) + np.arange(n) / n,
    "alternating": lambda rng, n: np.where(np.arange(n) % 2, 1e9 + np.arange(n), -np.arange(float(n))),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_ranks_of_many_rows_are_within_the_bound(shape: str) -> None:
    rows = 400_000
    values = SHAPES[shape](np.random.default_rng(1), rows)
    quantiles = sketch(values)
    levels = 1 + np.ceil(np.log2(rows / BLOCK))
    assert worst(quantiles, values) <= quantiles.error <= rows * levels / CELLS
    assert quantiles.summary()[1].sum() == rows
    assert len(quantiles.summary()[0]) <= 3 * CELLS * levels


def test_what_is_seen_is_far_below_the_bound() -> None:
    values = np.random.default_rng(2).normal(size=1_000_000)
    quantiles = sketch(values)
    print(f"error at a million rows: {worst(quantiles, values) / 1e6:.4%}, at most {quantiles.error / 1e6:.4%}")
    assert worst(quantiles, values) < 0.0007 * len(values)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 30_000), min_size=1, max_size=6),
    decimals=st.integers(0, 8),
    block=st.integers(500, BLOCK),
)
def test_merged_sketches_are_within_their_bound(seed: int, sizes: list[int], decimals: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [np.round(rng.normal(loc=rng.normal(), size=size), decimals) + 0.0 for size in sizes]
    merged = Quantiles()
    for part in parts:
        merged.merge(sketch(part, block))
    everything = np.concatenate(parts)
    assert worst(merged, everything) <= merged.error
    assert merged.summary()[1].sum() == len(everything)
    if len(np.unique(everything)) <= EXACT:
        assert merged.exact
        assert merged.error == 0
        assert merged.distinct == len(np.unique(everything))


def test_few_different_values_stay_exact_however_many_rows() -> None:
    rng = np.random.default_rng(4)
    values = rng.integers(0, 5_000, 300_000).astype(float)
    places, weights = sketch(values).summary()
    expected, counts = np.unique(values, return_counts=True)
    assert (places == expected).all()
    assert (weights == counts).all()


def test_a_frequent_value_keeps_its_exact_count() -> None:
    rng = np.random.default_rng(5)
    values = np.where(rng.random(300_000) < 0.02, 0.5, rng.normal(size=300_000))
    quantiles = sketch(values)
    places, weights = quantiles.summary()
    assert not quantiles.exact
    assert weights[places == 0.5] == (values == 0.5).sum()


def test_the_order_of_parts_changes_nothing_beyond_the_bound() -> None:
    rng = np.random.default_rng(6)
    parts = [rng.normal(loc=i, size=50_000) for i in range(4)]
    everything = np.concatenate(parts)
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        merged = Quantiles()
        for index in order:
            merged.merge(sketch(parts[index]))
        assert worst(merged, everything) <= merged.error


def test_sketches_can_be_pickled() -> None:
    quantiles = sketch(np.random.default_rng(7).normal(size=50_000))
    copy = pickle.loads(pickle.dumps(quantiles))
    assert (copy.summary()[0] == quantiles.summary()[0]).all()
    assert copy.error == quantiles.error


def test_how_many_values_differ_is_told_within_a_few_percent() -> None:
    values = np.random.default_rng(8).normal(size=300_000)
    assert sketch(values).distinct == pytest.approx(300_000, rel=0.1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=200), st.integers(1, 50))
def test_moments_are_those_of_numpy_in_any_number_of_pieces(numbers: list[float], size: int) -> None:
    values = np.array(numbers)
    line = Distribution()
    for start in range(0, len(values), size):
        line.add(values[start : start + size])
    finite = values[np.isfinite(values)]
    assert (line.below, line.above) == ((values == -np.inf).sum(), (values == np.inf).sum())
    assert line.count == len(finite)
    if not len(finite):
        assert line.mean is None
        assert line.std is None
        return
    assert (line.minimum, line.maximum) == (finite.min(), finite.max())
    scale = max(1e-300, float(np.abs(finite).max()))
    small = finite / scale
    assert line.mean is not None
    assert line.std is not None
    assert line.mean / scale == pytest.approx(small.mean(), abs=1e-9)
    assert line.std / scale == pytest.approx(small.std(), abs=1e-7)
    assert line.whole == bool((np.rint(finite) == finite).all())


def test_merged_moments_are_those_of_all() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(1e6, 1.0, size=30_000)
    first, second = Distribution(), Distribution()
    first.add(values[:7])
    second.add(values[7:])
    first.merge(second)
    assert first.mean == pytest.approx(values.mean(), rel=1e-11)
    assert first.std == pytest.approx(values.std(), rel=1e-9)

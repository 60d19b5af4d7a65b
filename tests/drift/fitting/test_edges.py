"""Bins follow the quantiles, and frequent values have one to themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.fitting.edges import Bins, cut


def of(values: object, bins: int = 10) -> Bins:
    distinct, counts = np.unique(np.array(values, dtype=np.float64), return_counts=True)
    return cut(distinct, counts, bins, whole=bool((np.rint(distinct) == distinct).all()))


def test_continuous_values_are_cut_at_their_quantiles() -> None:
    found = of(np.arange(1000.0) / 7)
    assert found.counts == (100,) * 10
    assert found.edges == pytest.approx(np.arange(99, 999, 100) / 7, rel=6e-7)
    assert (np.array(found.edges) > np.arange(99, 999, 100) / 7).all()
    assert found.centers[0] == pytest.approx(np.arange(100).mean() / 7)


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random(5000) < 0.4, 0.0, rng.normal(size=5000))
    found = of(values)
    zero = found.edges.index(0.0)
    assert found.edges[zero - 1] == np.nextafter(0.0, -1.0)
    assert found.counts[zero] == (values == 0).sum()
    assert min(found.counts) > 0


def test_a_constant_has_room_on_both_sides() -> None:
    found = of([7.5] * 100)
    assert found.edges == (7.4999964, 7.5000036)
    assert found.counts == (0, 100, 0)
    assert of([0.0] * 100).edges == (-5e-324, 0.0)


def test_integers_with_few_values_have_a_bin_each_and_room_on_both_sides() -> None:
    found = of([0, 1, 1, 2, 2, 2] * 50)
    assert found.edges == (np.nextafter(0, -1), 0.0, 1.0000005, 2.000001)
    assert found.counts == (0, 50, 100, 150, 0)


def test_what_comes_to_lie_between_codes_shows() -> None:
    found = of([200, 404, 500] * 100)
    assert [found.counts[i] for i in np.searchsorted(found.edges, [200, 300, 404, 500, 501])] == [100, 0, 100, 100, 0]


@pytest.mark.parametrize("values", [[0.1, 0.2, 0.3], [9.99, 19.99, 29.99], [1 / 3, -2 / 7, 1e-30, 1e30], [2.0**24 + 2]])
def test_a_frequent_value_has_the_same_bin_as_float32_and_after_a_sum(values: list[float]) -> None:
    found = of(values * 100)
    there = np.searchsorted(found.edges, values)
    assert np.searchsorted(found.edges, np.array(values, dtype=np.float32).astype(float)).tolist() == there.tolist()
    assert np.searchsorted(found.edges, np.array(values) * 3 / 3 + 0.0).tolist() == there.tolist()
    served_first = of(np.array(values * 100, dtype=np.float32).astype(float))
    assert np.searchsorted(served_first.edges, values).tolist() == there.tolist()


def test_quantiles_do_not_cut_what_a_float32_rounds() -> None:
    values = np.random.default_rng(1).integers(0, 40, 5_000) / 10
    found = of(values)
    as_float32 = values.astype(np.float32)
    assert np.array_equal(np.searchsorted(found.edges, values), np.searchsorted(found.edges, as_float32))


def test_neighbours_that_no_float32_tells_apart_keep_bins_of_their_own() -> None:
    values = [1.0, np.nextafter(1.0, 2.0), 1.0 + 1e-9, 2.0]
    found = of(values * 100)
    assert [found.counts[place] for place in np.searchsorted(found.edges, values)] == [100] * 4


def test_few_rows_have_few_bins() -> None:
    assert of([1.0, 2.0, 3.0]).counts == (3,)
    assert len(of(np.arange(20.0)).counts) == 4
    assert cut(np.empty(0), np.empty(0, dtype=np.int64), 10) == Bins((), (0,), (0.0,))


FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.0, 1.0, 5e-324, -5e-324, 1.7e308, -1.7e308]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=300), st.integers(2, 40), st.integers(1, 50))
def test_bins_hold_every_value_once_whatever_the_values(values: list[float], bins: int, repeated: int) -> None:
    everything = np.array(values * repeated) + 0.0
    found = of(everything, bins)
    assert len(found.counts) == len(found.edges) + 1 == len(found.centers) <= 2 * bins + 1
    assert all(low < high for low, high in zip(found.edges, found.edges[1:], strict=False))
    assert np.isfinite(found.edges).all()
    assert np.isfinite(found.centers).all()
    places = np.searchsorted([*found.edges, np.inf], everything, side="left")
    assert tuple(np.bincount(places, minlength=len(found.counts))) == found.counts
    scale = max(1e-300, np.abs(everything).max())
    for index, center in enumerate(found.centers):
        if found.counts[index]:
            inside = everything[places == index] / scale
            assert inside.min() - 1e-13 <= center / scale <= inside.max() + 1e-13


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 20))
def test_no_bin_holds_much_more_than_its_share(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(size=2000), rng.integers(0, 9, rng.integers(1, 4000)).astype(float)])
    found = of(values, bins)
    places = np.searchsorted(found.edges, values)
    own = {int(place) for place in places if len(np.unique(values[places == place])) == 1}
    for index, count in enumerate(found.counts):
        if index not in own:
            assert count <= 2.1 * len(values) / bins

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
    assert found.edges == tuple(np.arange(99, 999, 100) / 7)
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
    assert found.edges == (np.nextafter(7.5, 0), 7.5)
    assert found.counts == (0, 100, 0)


def test_integers_with_few_values_have_a_bin_each_and_room_on_both_sides() -> None:
    found = of([0, 1, 1, 2, 2, 2] * 50)
    assert found.edges == (np.nextafter(0, -1), 0.0, 1.0, 2.0)
    assert found.counts == (0, 50, 100, 150, 0)


def test_what_comes_to_lie_between_codes_shows() -> None:
    found = of([200, 404, 500] * 100)
    assert [found.counts[i] for i in np.searchsorted(found.edges, [200, 300, 404, 500, 501])] == [100, 0, 100, 100, 0]


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
    own = {value for value in np.unique(values) if (values == value).sum() * bins >= len(values)}
    for index, edge in enumerate(found.edges):
        if edge not in own:
            assert found.counts[index] <= 2.1 * len(values) / bins

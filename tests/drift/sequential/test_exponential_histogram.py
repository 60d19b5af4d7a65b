"""The window's buckets against those that are made value by value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.sequential.exponential_histogram import BUCKETS, ExponentialHistogram, Growth, made
from tests.drift.sequential.streams import Floats, steps

Rows = list[list[tuple[float, float]]]


def one_by_one(values: Floats) -> Rows:
    """The definition: of more than so many buckets of a size, the oldest two become one of twice the size."""
    rows: Rows = []
    for value in values.tolist():
        new = (value, value * value)
        for row in rows:
            row.append(new)
            if len(row) <= BUCKETS:
                break
            first, second = row.pop(0), row.pop(0)
            new = (first[0] + second[0], first[1] + second[1])
        else:
            rows.append([new])
    return rows


def as_lists(window: ExponentialHistogram) -> Rows:
    return [list(zip(*row.tolist(), strict=True)) for row in window.rows]


def grown(values: Floats, cuts: list[int]) -> ExponentialHistogram:
    window = ExponentialHistogram()
    for piece in np.split(values, sorted(cuts)):
        if len(piece):
            window = Growth(window, piece).within(window.width + len(piece))
    return window


@given(count=st.integers(1, 700), cuts=st.lists(st.integers(0, 700), max_size=5))
def test_the_buckets_are_the_same_to_the_last_bit_however_the_values_came(count: int, cuts: list[int]) -> None:
    values = steps(1, 3, rows=count)
    assert as_lists(grown(values, [cut for cut in cuts if cut < count])) == one_by_one(values)


@pytest.mark.parametrize("before", [0, 1, 5, 37, 1_000])
def test_a_window_on_the_way_is_the_one_of_its_width(before: int) -> None:
    values = steps(2, 1, rows=1_500)
    growth = Growth(grown(values[:before], []), values[before:])
    for width in range(before + 1, 1_501, 7):
        window = growth.within(width)
        assert window.width == width
        assert as_lists(window) == one_by_one(values[:width])


def test_growth_leaves_the_window_before_as_it_is() -> None:
    window = grown(steps(3, 0, rows=100), [])
    rows = as_lists(window)
    Growth(window, steps(4, 0, rows=100)).within(150).rows[0][:] = 0
    assert as_lists(window) == rows


def test_cuts_and_sums_go_from_the_first_value_to_the_last() -> None:
    values = steps(5, 2, rows=333)
    window = grown(values, [])
    cuts, sums = window.cuts(), window.sums()
    assert cuts[0] == 0
    assert cuts[-1] == 333
    np.testing.assert_allclose(sums[0], np.concatenate(([0], values.cumsum()))[cuts], rtol=1e-12)
    np.testing.assert_allclose(sums[1], np.concatenate(([0], (values**2).cumsum()))[cuts], rtol=1e-12)
    assert window.total == sums[0, -1]


def test_an_empty_window_has_no_total() -> None:
    assert ExponentialHistogram().total == 0


@pytest.mark.parametrize("before", [0, 700, 40_000])
def test_totals_of_the_growing_window_are_those_up_to_each_bucket(before: int) -> None:
    values = steps(6, -1, rows=before + 9_000)
    growth = Growth(grown(values[:before], []), values[before:])
    for lowest in (0, 1):
        totals = growth.totals(lowest)
        for level in range(lowest, len(growth.begins)):
            begin = growth.begins[level]
            buckets = made(growth.width, level)
            ends = 2**level * np.arange(growth.merged[level] + 1, buckets + 1)
            found, expected = totals[begin : begin + len(ends)], values.cumsum()[ends - 1]
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)

"""Rows with rare events are found among many, at a bounded cost."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.examples import EXAMPLES, MAX_SEARCHES, RareRows, grown, of_bins
from otel_ml.drift.samples import Sample
from otel_ml.drift.search import Search
from tests.drift.made import baseline, categorical, numeric


@given(st.lists(st.booleans(), max_size=60))
def test_a_search_finds_what_was_counted(null: list[bool]) -> None:
    column = np.where(null, np.nan, 0.5)
    found = Search(baseline(numeric("a"), numeric("b"))).rows(
        1, layout.NULL, {"a": column * 0, "b": column}, {}, len(null)
    )
    assert list(found) == np.flatnonzero(null).tolist()


def look(rare: RareRows, one: Binner, columns: dict[str, np.ndarray], step: int) -> None:
    rows = len(next(iter(columns.values())))
    counts = np.zeros(one.shape, dtype=np.int64)
    one.count(columns, rows, counts)
    rare.look(columns, {}, counts, rows, step, lambda row: f"{step}-{row}")


def test_ids_are_kept_of_what_is_rarer_in_training() -> None:
    own = baseline(numeric("a"), categorical("city", "Oslo", "Rome"))
    rare, binner = RareRows(own, keep=8), Binner(own)
    a, city = np.full(1_000, 0.5), np.array(["Oslo"] * 1_000, dtype=object)
    city[[100, 200, 999]] = "Paris"
    a[7] = np.nan  # one of a thousand is usual
    look(rare, binner, {"a": a, "city": city}, 0)
    assert rare.ids(1, "unseen") == ("0-999", "0-200", "0-100")
    assert rare.ids(0, "null") == ()


def test_old_ids_give_way_to_new_ones() -> None:
    own = baseline(numeric("a"))
    rare, binner = RareRows(own, keep=8), Binner(own)
    nulls = np.full(100, np.nan)
    for step in range(30):
        look(rare, binner, {"a": nulls}, step)
        newest = int(rare.ids(0, "null")[0].partition("-")[0])
        assert newest >= step - 8
        assert len(rare.ids(0, "null")) == EXAMPLES


def test_a_batch_costs_few_searches_however_wide_it_is() -> None:
    own = baseline(*(numeric(f"x{index}") for index in range(50)))
    rare, binner = RareRows(own, keep=8), Binner(own)
    look(rare, binner, {f"x{index}": np.full(100, np.nan) for index in range(50)}, 0)
    assert sum(bool(rare.ids(index, "null")) for index in range(50)) == MAX_SEARCHES


def test_a_window_has_examples_of_its_own_or_none() -> None:
    own = baseline(numeric("a"))
    rare, binner = RareRows(own, keep=64), Binner(own)
    look(rare, binner, {"a": np.full(100, np.nan)}, 0)
    look(rare, binner, {"a": np.full(100, np.nan)}, 3)
    assert {id_.partition("-")[0] for id_ in rare.ids(0, "null", first=2)} == {"3"}
    assert rare.ids(0, "null", first=4) == ()


def test_restored_ids_are_the_same() -> None:
    own = baseline(numeric("a"))
    rare, again = RareRows(own, keep=8), RareRows(own, keep=8)
    rare.add(0, "type", 3, "x")
    rare.add(0, "type", 4, "y")
    again.restore(rare.state())
    assert again.ids(0, "type") == rare.ids(0, "type") == ("y", "x")


def test_examples_are_of_the_bins_asked_for() -> None:
    sample = Sample(["a", "b", "", "d", "a"], np.array([[5], [6], [5], [5], [5]], dtype=np.uint8))
    assert of_bins(sample, 0, [5]) == ("a", "d")
    assert of_bins(sample, 0, [7]) == ()


def test_bins_that_grew_are_preferred() -> None:
    window, reference = np.array([0, 10, 90]), np.array([0, 500, 500])
    assert grown([1, 2], window, reference) == [2]
    assert grown([1], window, reference) == [1]

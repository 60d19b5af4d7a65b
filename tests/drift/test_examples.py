"""Rows with rare events are found among many, at a bounded cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.examples import EXAMPLES, MAX_SEARCHES, NEAR, RareRows, grown, of_bins
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


def ids(rare: RareRows, variable: int, cause: str, first: int = 0, last: int = 99) -> tuple[str, ...]:
    return rare.ids(variable, cause, first, last)


def test_ids_are_kept_of_what_is_rarer_in_training() -> None:
    own = baseline(numeric("a"), categorical("city", "Oslo", "Rome"))
    rare, binner = RareRows(own), Binner(own)
    a, city = np.full(1_000, 0.5), np.array(["Oslo"] * 1_000, dtype=object)
    city[[100, 200, 999]] = "Paris"
    a[7] = np.nan  # one of a thousand is usual
    look(rare, binner, {"a": a, "city": city}, 0)
    assert ids(rare, 1, "unseen") == ("0-999", "0-200", "0-100")
    assert ids(rare, 0, "null") == ()


def test_what_raises_an_alarm_though_it_was_frequent_in_training_has_examples() -> None:
    a = numeric("a")
    own = baseline(replace(a, rows=a.rows * 5 // 3, nulls=a.rows * 2 // 3))  # 40% null
    rare, binner = RareRows(own), Binner(own)
    column = np.full(1_000, 0.5)
    column[:440] = np.nan
    look(rare, binner, {"a": column}, 0)
    assert ids(rare, 0, "null") == (), "5% more do not matter"
    column[:480] = np.nan
    look(rare, binner, {"a": column}, 1)
    assert len(ids(rare, 0, "null")) == EXAMPLES


def test_new_ids_take_the_place_of_old_ones() -> None:
    own = baseline(numeric("a"))
    rare, binner = RareRows(own), Binner(own)
    nulls = np.full(100, np.nan)
    for step in range(30):
        look(rare, binner, {"a": nulls}, step)
        rare.complete(step)
        assert {id_.partition("-")[0] for id_ in ids(rare, 0, "null")} == {str(step)}
        assert len(ids(rare, 0, "null")) == EXAMPLES
        assert sum(len(found) for *_, found in rare.state()) <= 2 * EXAMPLES


def test_a_batch_costs_few_searches_and_each_event_has_its_turn() -> None:
    own = baseline(*(numeric(f"x{index}") for index in range(2 * MAX_SEARCHES)))
    rare, binner = RareRows(own), Binner(own)
    nulls = {f"x{index}": np.full(100, np.nan) for index in range(2 * MAX_SEARCHES)}
    for step in range(4):
        look(rare, binner, nulls, step)
        found = [index for index in range(2 * MAX_SEARCHES) if ids(rare, index, "null", step, step)]
        assert len(found) == MAX_SEARCHES
        assert (0 in found) == (step % 2 == 0)


def test_a_window_has_examples_of_its_own_or_none() -> None:
    own = baseline(numeric("a"))
    rare, binner = RareRows(own), Binner(own)
    look(rare, binner, {"a": np.full(100, np.nan)}, 0)
    look(rare, binner, {"a": np.full(100, np.nan)}, 3)
    assert {id_.partition("-")[0] for id_ in ids(rare, 0, "null", 2)} == {"3"}
    assert {id_.partition("-")[0] for id_ in ids(rare, 0, "null", 0, 2)} == {"0"}, "later rows tell nothing of it"
    assert ids(rare, 0, "null", first=4) == ()


def test_rows_of_an_older_step_that_come_later_push_out_no_newer_ones() -> None:
    rare = RareRows(baseline(numeric("a")))
    for index in range(EXAMPLES):
        rare.add(0, "null", 2, f"new{index}")
    for index in range(EXAMPLES + 2):
        rare.add(0, "null", 1, f"old{index}")
    assert ids(rare, 0, "null", 2, 2) == ("new4", "new3", "new2", "new1", "new0")
    assert ids(rare, 0, "null", 1, 1) == ("old6", "old5", "old4", "old3", "old2")
    rare.complete(2)
    rare.add(0, "null", 3, "next")
    assert ids(rare, 0, "null") == ("next", "new4", "new3", "new2", "new1"), "what is complete needs no more than these"
    assert ids(rare, 0, "null", 0, 1) == ()


def test_all_steps_that_wait_for_late_rows_have_examples_though_fewer_of_each() -> None:
    rare = RareRows(baseline(numeric("a")))
    for step in (*range(0, 1_000, 2), *range(1, 999, 2)):
        for index in range(2 * EXAMPLES):
            rare.add(0, "null", step, f"{step}-{index}")
    assert [rare.ids(0, "null", step, step) for step in (0, 1, 500)] == [("0-9",), ("1-9",), ("500-9",)]
    assert [len(rare.ids(0, "null", step, step)) for step in (997, 998)] == [EXAMPLES] * 2
    assert sum(len(found) for *_, found in rare.state()) < 1_000 + NEAR


def test_restored_ids_are_the_same() -> None:
    own = baseline(numeric("a"))
    rare, again = RareRows(own), RareRows(own)
    rare.add(0, "type", 4, "y")
    rare.add(0, "type", 3, "x")
    again.restore(rare.state())
    assert ids(again, 0, "type") == ids(rare, 0, "type") == ("y", "x")


def test_examples_are_of_the_bins_asked_for() -> None:
    sample = Sample(["a", "b", "", "d", "a"], np.array([[5], [6], [5], [5], [5]], dtype=np.uint8))
    assert of_bins(sample, 0, [5]) == ("a", "d")
    assert of_bins(sample, 0, [7]) == ()


def test_bins_that_grew_are_preferred() -> None:
    window, reference = np.array([0, 10, 90]), np.array([0, 500, 500])
    assert grown([1, 2], window, reference) == [2]
    assert grown([1], window, reference) == [1]

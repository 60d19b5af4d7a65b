"""Steps of a number of rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.clock import RowClock


def sizes(clock: RowClock, rows: int) -> list[tuple[int, int]]:
    return [(place.step, place.size) for place in clock.place(rows)]


def test_rows_fill_one_step_after_another() -> None:
    clock = RowClock(10)
    assert sizes(clock, 4) == [(0, 4)]
    assert clock.open_from == 0
    assert sizes(clock, 20) == [(0, 6), (1, 10), (2, 4)]
    assert clock.open_from == 2


def test_the_end_completes_a_step_that_has_rows() -> None:
    clock = RowClock(10)
    clock.end()
    assert clock.open_from == 0
    clock.place(10)
    clock.end()
    assert clock.open_from == 1
    clock.place(3)
    clock.end()
    assert clock.open_from == 2
    assert sizes(clock, 1) == [(2, 1)]


def test_counts_of_others_may_be_added_to_steps_that_are_open() -> None:
    clock = RowClock(10)
    clock.place(25)
    assert [clock.merge(step) for step in (0, 1, 2, 5)] == [False, False, True, True]
    assert not clock.merge(4)


@given(st.lists(st.integers(1, 50), max_size=20), st.integers(1, 30))
def test_how_rows_are_cut_into_batches_changes_nothing(batches: list[int], step: int) -> None:
    clock, found = RowClock(step), dict[int, int]()
    for rows in batches:
        for place in clock.place(rows):
            found[place.step] = found.get(place.step, 0) + place.size
    whole = {place.step: place.size for place in RowClock(step).place(sum(batches))}
    assert found == whole

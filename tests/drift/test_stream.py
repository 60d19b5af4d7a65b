"""A stream cut into steps: gaps, clocks set back, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.report import Moment
from otel_ml.drift.settings import MIN_REFERENCE_ROWS, Settings
from otel_ml.drift.stream import LEAST_ROWS, Stream, least_rows, usual_nulls
from otel_ml.drift.variables import Variable
from tests.drift.made import Wall

SHAPE = (1, 6)


def stream(wall: Wall | None = None, **settings: object) -> Stream:
    return Stream(SHAPE, Settings(**{"window": 60.0, "lateness": 0.0, "look_back": 8} | settings), wall or Wall())  # type: ignore[arg-type]  # of any setting


def feed(one: Stream, *times: float) -> list[Moment]:
    """Adds a row at each of the times; returns the steps that were completed."""
    found = list[Moment]()
    for place in one.place(len(times), np.array(times)):
        found += one.due(place.step)
        counts = np.zeros(SHAPE, dtype=np.int64)
        counts[0, 5] = place.size
        one.add(place.step, counts, place.size)
    return found + list(one.due())


def test_steps_are_numbered_from_the_first_with_rows() -> None:
    one = stream()
    assert feed(one, 6000, 6001, 6060, 6120) == [
        Moment(0, 2, "1970-01-01T01:40:00Z"),
        Moment(1, 3, "1970-01-01T01:41:00Z"),
    ]
    one.clock.end()
    assert list(one.due()) == [Moment(2, 4, "1970-01-01T01:42:00Z")]
    assert list(one.due()) == []
    assert (one.rows, one.closed) == (4, 3)


def test_nothing_is_completed_before_the_first_row() -> None:
    one = stream()
    one.clock.advance(1e6)
    one.clock.end()
    assert list(one.due()) == []
    assert one.live() is None
    assert one.last is None


def test_steps_without_rows_are_completed_as_well() -> None:
    one = stream()
    assert [moment.step for moment in feed(one, 0, 200)] == [0, 1, 2]
    assert one.last is not None
    assert not one.last.any()


def test_a_gap_costs_two_steps_and_all_are_counted() -> None:
    one = stream()
    completed = feed(one, 0, 60, 7 * 86_400, 7 * 86_400 + 60)
    assert [moment.step for moment in completed] == [0, 1, 2, 3, 10_080]
    assert one.closed == 10_081
    assert completed[-1].row == 3
    assert one.began(8) == (0, completed[0])  # three rows are not much to look at


def test_a_gap_costs_as_many_hours_as_are_kept_apart() -> None:
    one = stream(reference="last_week")
    completed = feed(one, 0, 3_600, 365 * 86_400, 365 * 86_400 + 3_600)
    assert [moment.step for moment in completed] == [*range(178), 8_760]
    assert one.closed == 8_761
    assert not one.ring.sum(0, 177).any()
    assert one.began(8) == (8_760, completed[-1])  # what was before is not known any more


def minutes(one: Stream, rows: int, *which: int) -> list[tuple[int, bool]]:
    """Feeds minutes of so many rows; returns the places there are after each step, and whether it changed anything."""
    return [(one.present, one.grown) for minute in which for _ in feed(one, *[minute * 60.0] * rows)]


def test_steps_with_few_rows_share_a_place() -> None:
    one = stream()
    assert minutes(one, 10, *range(9)) == [(1, True)] * 4 + [(2, True)] * 4
    assert [one.ring.sum(place, place)[0, 5] for place in (0, 1)] == [40, 40]
    assert (one.began(1)[0], one.began(2)[0]) == (4, 0)
    assert one.began(1)[1] == Moment(4, 50, "1970-01-01T00:04:00Z")


def test_steps_with_rows_enough_have_a_place_each() -> None:
    assert minutes(stream(), LEAST_ROWS, *range(5)) == [(place, True) for place in (1, 2, 3, 4)]
    one = stream(rows_per_step=2)
    feed(one, *range(9))
    assert (one.present, one.ring.sum(3, 3)[0, 5]) == (4, 2)


@pytest.mark.parametrize("look_back", [1, 16, 64])
@pytest.mark.parametrize("nulls", [0.0, 0.15, 0.5])
def test_the_places_before_are_a_reference_for_columns_with_nulls(look_back: int, nulls: float) -> None:
    least = least_rows(Settings(reference="previous", look_back=look_back), nulls)
    values = look_back * least * (1 - nulls)
    assert MIN_REFERENCE_ROWS + 2 * (values * nulls) ** 0.5 <= values < 2 * MIN_REFERENCE_ROWS
    assert least_rows(Settings(look_back=look_back), nulls) == LEAST_ROWS, "the training data are enough as they are"


def test_no_variable_waits_for_one_that_is_hardly_ever_there() -> None:
    usual = Variable("a", rows=100, nulls=30, counts=(35, 35))
    rare = Variable("b", rows=100, nulls=90, counts=(5, 5))
    masked = Variable("c", rows=100, nulls=40, kind="masked")
    assert usual_nulls([usual, rare, masked]) == 0.3
    assert usual_nulls([rare]) == usual_nulls([]) == 0.0


def test_steps_without_rows_have_none_but_for_hours_of_a_week() -> None:
    one = stream()
    feed(one, *[0.0] * LEAST_ROWS, *[180.0] * LEAST_ROWS)
    assert (one.closed, one.present, one.grown) == (3, 1, False)
    feed(one, 240.0)
    assert (one.closed, one.present, one.grown) == (4, 2, True)
    one = stream(reference="last_week")
    feed(one, 0, 3 * 3_600, 3 * 3_600 + 1, 4 * 3_600)
    assert (one.present, [one.ring.sum(place, place)[0, 5] for place in range(4)]) == (4, [1, 0, 0, 2])


def test_the_end_of_time_is_as_cheap() -> None:
    one = stream()
    feed(one, 0)
    assert len(feed(one, 9e10)) <= 10


def test_after_a_clock_was_set_back_steps_begin_anew_and_no_row_is_lost() -> None:
    wall = Wall()
    one = stream(wall)
    assert feed(one, 7_000, 7_010) == []
    feed(one, 3_600)
    wall.now += 61
    (completed,) = feed(one, 3_661)
    assert completed.row == 2  # what was open is complete
    assert one.present == 0
    assert [moment.row for moment in feed(one, 3_725)] == [3]
    assert one.rows == 4
    assert one.totals()[0, 5] == 4
    assert one.clock.late == 1


def test_open_steps_are_bounded_by_the_lateness() -> None:
    one = stream(lateness=300)
    rng = np.random.default_rng(1)
    for minute in range(200):
        feed(one, *(minute * 60 + rng.uniform(-1_000, 60, 20)))
        assert len(one.state()["open"]) <= 300 / 60 + 2


def test_a_restored_stream_goes_on() -> None:
    one, again = stream(), stream()
    feed(one, *range(0, 1_000, 7))
    again.restore(one.state())
    for own in (one, again):
        feed(own, *range(1_000, 5_000, 11))
    assert np.array_equal(one.ring.sum(0, 100), again.ring.sum(0, 100))
    assert np.array_equal(one.totals(), again.totals())
    assert (one.closed, one.rows, one.present) == (again.closed, again.rows, again.present)
    assert one.began(4) == again.began(4)


def test_it_is_known_after_a_restart_that_the_last_step_was_cut_short() -> None:
    one, again = stream(), stream()
    feed(one, *range(70), 120)
    assert one.is_cut_short()
    again.restore(one.state())
    assert again.is_cut_short()

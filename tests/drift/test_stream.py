"""A stream cut into steps: gaps, clocks set back, and what it costs."""

from __future__ import annotations

import numpy as np

from otel_ml.drift.report import Moment
from otel_ml.drift.settings import Settings
from otel_ml.drift.stream import Stream
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


def test_a_gap_costs_as_many_looks_as_the_ring_has_steps_and_all_are_counted() -> None:
    one = stream()
    completed = feed(one, 0, 60, 7 * 86_400, 7 * 86_400 + 60)
    assert [moment.step for moment in completed] == [*range(10), 10_080]
    assert one.closed == 10_081
    assert completed[-1].row == 3
    assert one.moment(8) == completed[-1]  # what was before is not known any more


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

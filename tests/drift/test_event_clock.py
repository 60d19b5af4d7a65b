"""Event time: late rows, rows of no time or an absurd one, clocks that are set back, and traffic that stops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.event_clock import EventClock
from tests.drift.made import Wall

NAN = math.nan
NOW = 2e9


def clock(seconds: float = 60.0, lateness: float = 5.0, wall: Wall | None = None) -> EventClock:
    return EventClock(seconds, lateness, wall or Wall(NOW))


def steps(clock: EventClock, *times: float) -> list[int | None]:
    """The step of each row, None of one that is left out."""
    found: list[int | None] = [None] * len(times)
    for place in clock.place(len(times), np.array(times)):
        for row in np.arange(len(times))[place.rows]:
            found[row] = place.step
    return found


def test_rows_are_in_the_step_of_their_time() -> None:
    assert steps(clock(), 0, 59.9, 60, 119, 121) == [0, 0, 1, 1, 2]
    assert steps(clock(), -1, -60, -61) == [-1, -1, None]


def test_one_time_is_that_of_all_rows() -> None:
    (place,) = clock().place(1_000, 61.0)
    assert (place.step, place.size, place.rows) == (1, 1_000, slice(None))
    (place,) = clock(wall=Wall(600.0)).place(3)
    assert place.step == 10


def test_a_row_is_late_when_its_step_is_complete() -> None:
    one = clock()
    assert steps(one, 10, 64, 59, 66, 58, 60) == [0, 1, 0, 1, None, 1]
    assert one.late == 1


def test_steps_are_handed_out_in_order() -> None:
    places = clock(lateness=600).place(6, np.array([130.0, 0, 70, 131, 1, 71]))
    assert [place.step for place in places] == [0, 1, 2]
    assert [list(np.arange(6)[place.rows]) for place in places] == [[1, 4], [2, 5], [0, 3]]


@pytest.mark.parametrize("bad", [NAN, math.inf, -math.inf, 253_402_300_799.0, 1.7e12, -1e300])
def test_a_row_without_a_time_is_of_the_time_of_the_row_before(bad: float) -> None:
    one = clock()
    assert steps(one, 10, bad, 70, bad, 130) == [0, 0, 1, 1, 2]
    assert steps(one, bad) == [2]
    assert (one.undated, one.late) == (3, 0)


def test_a_row_without_a_time_before_any_other_is_left_out() -> None:
    one = clock()
    assert steps(one, NAN, NAN) == [None, None]
    assert steps(one, NAN, 10) == [None, 0]
    assert one.late == 3


def test_a_row_of_the_future_moves_nothing() -> None:
    one = clock()
    assert steps(one, NOW, NOW + 40 * 86_400, NOW + 1, NOW + 10 * 365 * 86_400) == [int(NOW // 60)] * 4
    assert steps(one, NOW + 60) == [int(NOW // 60) + 1]
    assert one.undated == 2


def test_a_first_row_of_the_future_is_left_out() -> None:
    one = clock()
    assert steps(one, NOW + 4e8, NOW, NOW + 60) == [None, int(NOW // 60), int(NOW // 60) + 1]


def test_dates_are_times() -> None:
    days = np.array(["1970-01-02", "NaT", "1970-01-03"], dtype="M8[ms]")
    assert [place.step for place in clock().place(3, days)] == [1_440, 2_880]
    assert clock().place(5, np.datetime64("1970-01-02", "D"))[0].step == 1_440  # type: ignore[arg-type]  # a scalar


def test_as_many_times_as_rows_are_needed() -> None:
    with pytest.raises(ValueError, match="2 event times for 3 rows"):
        clock().place(3, np.zeros(2))


def test_a_stream_that_is_of_the_future_throughout_is_taken_as_it_is() -> None:
    start = NOW + 86_400 * 1_000
    assert steps(clock(seconds=3600), *(start + hour * 3600.0 for hour in range(200))) == [
        int(start // 3600) + hour for hour in range(200)
    ]


def test_a_gap_in_the_past_is_a_gap() -> None:
    one = clock()
    assert steps(one, 0, 7 * 86_400, 365 * 86_400) == [0, 7 * 1440, 365 * 1440]
    assert one.open_from == 365 * 1440 - 1


def test_a_clock_that_was_set_back_goes_on_after_a_step() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, NOW)
    back, found = NOW - 3_600, []
    for second in range(0, 90, 10):
        wall.now = NOW + second
        found += steps(one, back + second)
    assert found[:6] == [None] * 6
    assert found[6:] == [int((back + second) // 60) for second in (60, 70, 80)]
    assert (one.restarts, one.late) == (1, 6)


def test_that_a_clock_was_set_back_is_known_after_a_restart_as_soon() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, NOW)
    assert steps(one, NOW - 3_600) == [None]
    wall.now = NOW + 59
    again = clock(wall=wall)
    again.restore(one.state())
    wall.now = NOW + 61
    assert steps(one, NOW - 3_539) == steps(again, NOW - 3_539) == [int((NOW - 3_539) // 60)]


def test_a_wall_clock_that_was_set_back_as_well_keeps_nobody_from_seeing_it() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, NOW)
    assert steps(one, NOW - 3_600) == [None]
    found = []
    for second in (0, 30, 61):
        wall.now = NOW - 86_400 + second
        found += steps(one, wall.now)
    assert found == [None, None, int(wall.now // 60)]


def test_late_rows_among_others_set_no_clock_back() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    for second in range(0, 600, 10):
        wall.now = NOW + second
        steps(one, NOW + second)
        assert steps(one, NOW - 3_600) == [None]
    assert (one.restarts, one.late) == (0, 60)


def test_without_rows_steps_go_on_by_the_wall_clock_a_step_later() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, 30.0)  # event time may be any time
    opened = []
    for seconds in (0, 60, 94, 96, 156):
        wall.now = NOW + seconds
        one.advance()
        opened.append(one.open_from)
    assert opened == [0, 0, 0, 1, 2]


def test_bursts_of_rows_are_not_late() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    for burst in range(5):
        wall.now = NOW + 60 * burst
        one.advance()
        assert None not in steps(one, *(burst * 60 + second for second in range(60)))


def test_the_present_may_be_told() -> None:
    one = clock()
    one.advance(1e9)
    assert one.open_from is None  # there is nothing to complete
    steps(one, 30.0)
    one.advance(300.0)
    assert one.open_from == 4
    for absurd in (NAN, math.inf, 1e300):
        one.advance(absurd)
    assert one.open_from == 4


def test_counts_without_times_go_by_the_wall_clock_within_their_step() -> None:
    wall = Wall(600.0)
    one = clock(wall=wall)
    assert one.merge(10)
    assert one.open_from == 9
    wall.now = 660.0
    assert one.merge(11)
    assert one.merge(10), "the others need a few seconds to hand over theirs"
    wall.now = 666.0
    assert one.merge(11)
    assert one.open_from == 11
    assert not one.merge(10)


def test_the_start_of_a_step_is_a_date() -> None:
    assert clock().start_of(1) == "1970-01-01T00:01:00Z"
    assert clock(seconds=0.25).start_of(5) == "1970-01-01T00:00:01.250000Z"
    assert clock().start_of(10**12) is None


@given(
    st.lists(st.one_of(st.floats(0, 1_000), st.sampled_from([NAN, math.inf, -5.0, 1e15])), min_size=1, max_size=60),
    st.data(),
)
def test_how_rows_are_cut_into_batches_changes_nothing(times: list[float], data: st.DataObject) -> None:
    whole, parts, found = clock(), clock(), list[int | None]()
    start = 0
    while start < len(times):
        stop = data.draw(st.integers(start + 1, len(times)))
        found += steps(parts, *times[start:stop])
        start = stop
    assert found == steps(whole, *times)
    assert (parts.late, parts.undated, parts.open_from) == (whole.late, whole.undated, whole.open_from)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30), st.floats(1e-3, 1e6))
def test_no_time_breaks_it(times: list[float], seconds: float) -> None:
    one = clock(seconds=seconds)
    placed = steps(one, *times)
    assert placed.count(None) == one.late
    open_from = one.open_from
    assert open_from is None or open_from <= max(step for step in placed if step is not None) + 1


def test_a_restored_clock_goes_on() -> None:
    one, again = clock(), clock()
    steps(one, 10, NAN, 200, 20)
    again.restore(one.state())
    assert steps(again, 190, 60, NAN, 260) == steps(one, 190, 60, NAN, 260)
    assert (again.late, again.undated) == (one.late, one.undated)


def test_a_silence_goes_on_over_a_restart() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, 30.0)
    for seconds in (50, 94, 96, 156, 600):
        wall.now = NOW + seconds
        again = clock(wall=wall)
        again.restore(one.state())
        for each in (one, again):
            each.advance()
        assert again.open_from == one.open_from
        one = again
    assert one.open_from == 9


def test_a_state_of_an_earlier_program_begins_a_silence() -> None:
    wall = Wall(NOW)
    one = clock(wall=wall)
    steps(one, 30.0)
    state = one.state()
    for name in ("arrived", "late_since"):
        del state[name]
    wall.now = NOW + 600
    again = clock(wall=wall)
    again.restore(state)
    again.advance()
    assert again.open_from == 0
    wall.now += 96
    again.advance()
    assert again.open_from == 1


def test_a_silence_does_not_begin_by_a_clock_that_told_no_time() -> None:
    """A file was read with a clock that stood at zero, or a machine had not got the time yet."""
    before = clock(wall=Wall(0.0))
    steps(before, NOW)
    one = clock()
    one.restore(before.state())
    one.advance()
    assert steps(one, NOW + 60) == [int(NOW // 60) + 1]
    assert one.late == 0


def test_a_machine_that_has_not_got_the_time_yet_ends_no_silence() -> None:
    wall = Wall(NOW)
    before = clock(wall=wall)
    steps(before, NOW)
    wall.now = 0.0
    one = clock(wall=wall)
    one.restore(before.state())
    for now, open_from in ((0.0, 0), (100.0, 0), (NOW + 50, 0), (NOW + 600, 9)):
        wall.now = now
        one.advance()
        assert one.open_from == int((NOW - 5) // 60) + open_from

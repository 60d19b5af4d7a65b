"""Rows with rare events are looked for often enough to show some in every alarm, and at a bounded cost."""

from __future__ import annotations

import pytest

from otel_ml.drift.examples import EXAMPLES, MAX_SEARCHES
from otel_ml.monitoring.searches import MAX_HURRIED, Event, Searches

MORE = Event(0, "null", is_more=True)
USUAL = Event(1, "null", is_more=False)


class Clock:
    """Time that goes by when a test says so."""

    now = 1.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_every_event_is_looked_for_once_in_a_while(clock: Clock) -> None:
    one = Searches(clock)
    assert one.choose(0, [MORE, USUAL]) == {(0, "null"): EXAMPLES, (1, "null"): EXAMPLES}
    clock.now += 9
    assert one.choose(0, [MORE, USUAL]) == {}
    clock.now += 1
    assert len(one.choose(0, [MORE, USUAL])) == 2


def test_a_step_right_after_another_has_examples_of_what_is_more_frequent_than_usual(clock: Clock) -> None:
    one = Searches(clock)
    one.choose(0, [MORE, USUAL])
    for step in range(1, 5):
        assert one.choose(step, [MORE, USUAL]) == {(0, "null"): 1}
        assert one.choose(step, [MORE, USUAL]) == {}, "once a step"
    clock.now += 0.1
    assert len(one.choose(5, [MORE, USUAL])) == 2


def test_what_is_more_frequent_than_usual_comes_first(clock: Clock) -> None:
    usual = [Event(index, "null", is_more=False) for index in range(50)]
    last = Event(99, "unseen", is_more=True)
    chosen = Searches(clock).choose(0, [*usual, last])
    assert (99, "unseen") in chosen
    assert len(chosen) == MAX_SEARCHES


@pytest.mark.parametrize(("pause", "most"), [(1.0, MAX_SEARCHES), (0.0, MAX_HURRIED)])
def test_many_events_take_turns(clock: Clock, pause: float, most: int) -> None:
    one, count = Searches(clock), 16
    events = [Event(index, "range", is_more=True) for index in range(count)]
    one.choose(0, events)
    one.choose(1, events)
    found = set[tuple[int, str]]()
    for step in range(2, 2 + count // most):
        clock.now += pause + 1e-6
        chosen = one.choose(step, events)
        assert len(chosen) == most
        found |= chosen.keys()
    assert len(found) == count

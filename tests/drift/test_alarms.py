"""Alarms that are on and that were, as people are told of them."""

from __future__ import annotations

import json

from otel_ml.drift import Moment, layout
from otel_ml.drift.alarms import Alarms, bin_name
from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.variables import Variable
from tests.drift.made import categorical, numeric

VARIABLES = (numeric("a"), categorical("city", "Oslo", "Rome"))
BEGAN, NOW, LATER = Moment(3, 300), Moment(5, 500), Moment(9, 900)


def alarm(detected: bool, *, variable: int = 0, cause: str = "distribution", effect: float = 0.1) -> Alarm:
    return Alarm(detected, variable, cause, "e_detector", 0.2, 100, 2, effect, "up", (layout.FIRST + 9, layout.NULL))


def test_an_alarm_is_on_until_it_ends_and_was_ever_after() -> None:
    alarms = Alarms(VARIABLES)
    raised = alarms.take(alarm(True), NOW, BEGAN, ("x",))
    assert (raised.name, raised.since, raised.bins, raised.examples) == ("a", BEGAN, ("09", "null"), ("x",))
    assert list(alarms.on) == [(0, "distribution")]
    ended = alarms.take(alarm(False), LATER, LATER, ())
    assert (ended.detected, ended.since, ended.moment) == (False, BEGAN, LATER)
    assert not alarms.on
    assert alarms.ever[0, "distribution"].change == raised
    assert alarms.since == {0: NOW}


def test_an_alarm_that_is_confirmed_tells_what_is_so_now() -> None:
    alarms = Alarms(VARIABLES)
    raised = alarms.take(alarm(True), NOW, BEGAN, ("x",))
    alarms.confirm(alarm(True, effect=0.3), lambda: ("y",))
    assert alarms.on[0, "distribution"].effect == 0.3
    assert alarms.on[0, "distribution"].change == raised
    turned = Alarm(True, 0, "distribution", "e_detector", 0.5, 400, 1, 0.4, "down", (layout.FIRST,))
    alarms.confirm(turned, lambda: ("y",))
    now = alarms.on[0, "distribution"]
    assert alarms.ever[0, "distribution"] == now
    assert (now.change.direction, now.change.bins, now.change.examples) == ("down", ("00",), ("y",))
    assert (now.change.score, now.change.rows, now.change.since, now.change.moment) == (0.5, 400, BEGAN, NOW)


def test_a_variable_was_in_alarm_first_when_any_cause_was() -> None:
    alarms = Alarms(VARIABLES)
    alarms.take(alarm(True, cause="null"), NOW, BEGAN, ())
    alarms.take(alarm(True), LATER, NOW, ())
    assert len(alarms.on) == 2
    assert alarms.since == {0: NOW}


def test_they_come_back_from_json() -> None:
    alarms, again = Alarms(VARIABLES), Alarms(VARIABLES)
    alarms.take(alarm(True), NOW, BEGAN, ("x", "y"))
    alarms.take(alarm(True, variable=1, cause="unseen"), NOW, NOW, ())
    alarms.take(alarm(False), LATER, LATER, ())
    again.restore(json.loads(json.dumps(alarms.state())))
    assert (again.on, again.ever, again.since) == (alarms.on, alarms.ever, alarms.since)


def test_columns_are_named_as_in_metrics() -> None:
    names = [
        bin_name(VARIABLES[1], column) for column in (layout.NULL, layout.FIRST, layout.FIRST + 1, layout.FIRST + 2)
    ]
    assert names == ["null", "00", "01", "other"]
    assert bin_name(VARIABLES[0], layout.TYPE) == "other"
    assert bin_name(VARIABLES[0], layout.RANGE) == "range"
    assert bin_name(VARIABLES[0], layout.NON_FINITE) == "non_finite"
    shared = Variable("city", kind="categorical", categories=("a",), shared=2, counts=(1, 1, 1))
    assert [bin_name(shared, layout.FIRST + index) for index in range(3)] == ["00", "01", "02"]
    assert bin_name(VARIABLES[0], layout.FIRST + 2) == "02"

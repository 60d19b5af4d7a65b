"""Classic fixed limits in place of the sequential alarm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.drift.stream import alarms
from otel_ml.drift import layout
from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.report import Moment
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Variable

AGE = Variable(
    "age", rows=10_000, edges=(1.0, 2.0, 3.0), counts=(2500,) * 4, centers=(0.5, 1.5, 2.5, 3.5), mean=2.0, std=1.118
)
SAME = [250, 250, 250, 250]
MOVED = [400, 300, 200, 100]


def run(limits: dict[str, float], *windows: list[int], nulls: int = 0, variable: Variable = AGE) -> list[Alarm]:
    detector = Detector([variable], Settings(rows_per_step=1000, look_back=1, thresholds=limits))
    steps = (np.array([[nulls, 0, 0, 0, 0, *one]]) for one in windows)
    reference = layout.reference([variable])
    return [alarm for _, alarm in alarms([detector], steps, len(windows), reference)[0]]


def last_steps(limits: dict[str, float], steps: list[tuple[int, list[int]]]) -> list[tuple[int, Alarm]]:
    """Alarms by step, where nothing but the last step counts: its nulls and its values."""
    detector, reference = (
        Detector([AGE], Settings(rows_per_step=1000, look_back=1, thresholds=limits)),
        layout.reference([AGE]),
    )
    windows = [np.array([[nulls, 0, 0, 0, 0, *values]]) for nulls, values in steps]
    return [
        (step, alarm)
        for step, window in enumerate(windows)
        for alarm in detector.step({1: window}, reference, Moment(step, 0))
    ]


def test_a_limit_that_is_passed_raises_an_alarm_that_says_which() -> None:
    (alarm,) = run({"psi": 0.2}, MOVED)
    assert (alarm.method, alarm.cause, alarm.direction, alarm.rows) == ("psi", "distribution", "down", 1000)
    assert alarm.score == pytest.approx(0.228, abs=0.002)
    assert run({"psi": 0.3}, MOVED) == []


def test_the_statistic_farthest_beyond_its_limit_is_named() -> None:
    (alarm,) = run({"psi": 0.2, "total_variation": 0.05, "mean_shift": 10.0}, MOVED)
    assert alarm.method == "total_variation"
    assert alarm.score == pytest.approx(0.2)


def test_a_mean_may_fall_as_well_as_rise() -> None:
    assert run({"mean_shift": 0.3}, MOVED)
    assert run({"mean_shift": 0.3}, MOVED[::-1])


def test_nulls_have_a_limit_too() -> None:
    (alarm,) = run({"null_rate": 0.1}, SAME, nulls=250)
    assert (alarm.method, alarm.cause, alarm.moved) == ("null_rate", "null", (layout.NULL,))
    assert alarm.score == pytest.approx(0.2)


@pytest.mark.parametrize(("column", "cause"), [(layout.NULL, "null"), (layout.TYPE, "type")])
def test_a_column_without_values_is_an_alarm_though_no_statistic_is_beyond_its_limit(column: int, cause: str) -> None:
    """It has no index of population stability, and whoever reports one would hear of nothing."""
    gone = np.zeros((1, layout.width([AGE])), dtype=np.int64)
    gone[0, column] = 1000
    detector = Detector([AGE], Settings(rows_per_step=1000, thresholds={"psi": 0.2}))
    (alarm,) = detector.step({1: gone}, layout.reference([AGE]), Moment(0, 1000))
    assert (alarm.cause, alarm.method) == (cause, "e_detector")


def test_where_nulls_have_a_limit_that_decides() -> None:
    assert run({"null_rate": 0.3}, *[SAME] * 20, nulls=250) == []
    assert [alarm.cause for alarm in run({"psi": 0.2}, *[SAME] * 20, nulls=250)] == ["null"]


def test_what_does_not_apply_is_no_alarm() -> None:
    unordered = replace(AGE, kind="categorical", edges=(), categories=("a", "b", "c"), centers=(), mean=None, std=None)
    assert run({"kolmogorov_smirnov": 0.1}, MOVED, variable=unordered) == []


def test_too_few_rows_mean_nothing() -> None:
    assert run({"psi": 0.2}, [8, 6, 4, 2]) == []


def test_an_alarm_stays_for_a_while_and_then_ends() -> None:
    found = run({"psi": 0.2}, MOVED, *[SAME] * 12)
    assert [alarm.detected for alarm in found] == [True, False]


def test_it_does_not_flicker_around_the_limit() -> None:
    almost = [390, 300, 205, 105]
    found = run({"psi": 0.22}, *[MOVED, almost] * 30)
    assert [alarm.detected for alarm in found] == [True]


def test_nulls_and_values_are_alarms_apart_that_may_overlap() -> None:
    """Each ends as what it was raised as, whatever is farther beyond its limit meanwhile."""
    phases = [(0, SAME), (500, SAME), (200, MOVED), (0, MOVED), (0, SAME)]
    found = last_steps({"psi": 0.2, "null_rate": 0.1}, [phase for phase in phases for _ in range(10)])
    assert [(step, alarm.detected, alarm.cause, alarm.method) for step, alarm in found] == [
        (10, True, "null", "null_rate"),
        (20, True, "distribution", "psi"),
        (34, False, "null", "null_rate"),
        (44, False, "distribution", "psi"),
    ]


def test_too_few_rows_end_no_alarm_and_enough_do() -> None:
    few = [(0, [10, 10, 10, 10])]
    assert [step for step, _ in last_steps({"psi": 0.2}, [(0, MOVED), *few * 40])] == [0]
    found = last_steps({"psi": 0.2}, [(0, MOVED), *few * 40, (0, SAME)])
    assert [(step, alarm.detected) for step, alarm in found] == [(0, True), (41, False)]
    assert found[-1][1].score == pytest.approx(0.0, abs=0.01)


def test_where_nothing_is_left_to_compare_with_an_alarm_ends_as_it_was_known_last() -> None:
    detector = Detector([AGE], Settings(rows_per_step=1000, look_back=8, thresholds={"psi": 0.2}))
    reference, window = layout.reference([AGE]), np.array([[0, 0, 0, 0, 0, *MOVED]])
    (raised,) = detector.step({1: window}, reference, Moment(0, 1000))
    nothing = np.zeros_like(reference)
    found = [(step, alarm) for step in range(1, 20) for alarm in detector.step({1: window}, nothing, Moment(step, 0))]
    assert found == [(8, replace(raised, detected=False))]

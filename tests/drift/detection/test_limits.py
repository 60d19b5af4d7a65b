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

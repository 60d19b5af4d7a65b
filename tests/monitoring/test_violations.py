"""What breaks the constraints of a baseline is counted as `otel-ml check` counts it, and none of it hides the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import otel_ml
from otel_ml.drift import Baseline
from tests.monitoring import examples
from tests.monitoring.conftest import Model
from tests.monitoring.test_counting import predict, violations
from tests.support.telemetry import Telemetry

Watched = Callable[..., Model]


def with_completeness(share: float) -> Baseline:
    """A baseline in which somebody has written how many plans must be there."""
    found = examples.baseline()
    variables = tuple(
        replace(one, constraints=replace(one.constraints, completeness=share)) if one.name == "plan" else one
        for one in found.variables
    )
    return Baseline(found.id, found.rows, variables)


def send(nulls: int, rows: int, *, at_once: int) -> None:
    """Predictions, some without a plan."""
    rng = np.random.default_rng(0)
    sent = [
        {**examples.usual_row(rng), "plan": None if index % (rows // nulls) == 0 else "pro"} for index in range(rows)
    ]
    for first in range(0, rows, at_once):
        predict(sent[first : first + at_once] if at_once > 1 else sent[first])
    otel_ml.flush()


@pytest.mark.parametrize(("nulls", "found"), [(5, {}), (40, {("plan", "null"): 40})])
@pytest.mark.parametrize("at_once", [1_000, 20])
def test_too_many_nulls_for_the_completeness_are_violations(
    telemetry: Telemetry, watched: Watched, nulls: int, found: dict[object, int], at_once: int
) -> None:
    model = watched(with_completeness(0.99))
    send(nulls, 1_000, at_once=at_once)
    report = otel_ml.drift_report(model)
    assert report is not None
    (plan,) = [feature for feature in report.features if feature.name == "plan"]
    assert violations(telemetry) == found == {("plan", kind): count for kind, count in plan.violations.items()}
    events = telemetry.events("ml.feature.violation")
    assert [(event.attributes or {})["ml.violation.count"] for event in events] == list(found.values())
    assert all((event.attributes or {})["ml.prediction.id"] for event in events)


def test_nulls_that_chance_explains_are_no_violation_until_there_are_too_many_rows_for_that(
    telemetry: Telemetry, watched: Watched
) -> None:
    watched(with_completeness(0.85))
    send(14, 84, at_once=14)
    assert violations(telemetry) == {}, "two more than allowed, of as many rows as may have ten"
    send(160, 640, at_once=20)
    assert violations(telemetry)["plan", "null"] > 100, "a quarter is null"


def test_nulls_of_few_rows_do_not_yet_say_that_too_many_are_missing(telemetry: Telemetry, watched: Watched) -> None:
    watched(with_completeness(0.99))
    send(1, 20, at_once=20)
    assert violations(telemetry) == {}
    send(30, 990, at_once=10)
    assert violations(telemetry) == {("plan", "null"): 31}


def test_names_that_are_other_ones_each_time_hide_no_feature_of_the_baseline(
    telemetry: Telemetry, watched: Watched
) -> None:
    watched(max_features=10_000)
    row = examples.usual_row(np.random.default_rng(0))
    for number in range(12):
        predict({**row, **{f"new_{number}_{index}": 1.0 for index in range(100)}})
    predict({**row, "age": -5.0})
    for _ in range(3):
        predict({**row, "age": None})
    found = violations(telemetry)
    assert (found["age", "range"], found["age", "null"]) == (1, 3)
    assert sum(count for (_, kind), count in found.items() if kind == "extra") == 1_200
    assert len(found) == 103, "a hundred names, all others together, and two of the baseline"
    events = [(event.attributes or {}) for event in telemetry.events("ml.feature.violation")]
    assert {event["ml.violation.type"] for event in events if event["ml.feature.name"] == "age"} == {"range", "null"}
    assert len(events) == 102


def test_features_without_series_of_their_own_have_none_of_violations(telemetry: Telemetry, watched: Watched) -> None:
    watched(metric_features=1)
    row = examples.usual_row(np.random.default_rng(0))
    predict({**row, "age": -5.0, "plan": "none of them"})
    assert violations(telemetry) == {("age", "range"): 1, ("(other)", "unseen"): 1}
    named = {(event.attributes or {})["ml.feature.name"] for event in telemetry.events("ml.feature.violation")}
    assert named == {"age", "plan"}, "events name them all the same"


def test_each_version_of_a_model_has_events_of_its_own(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    newer = Model()
    otel_ml.register_model(newer, "churn", version="4", baseline=examples.baseline("f" * 12))
    row = {**examples.usual_row(np.random.default_rng(0)), "age": -5.0}
    for version in ("3", "3", "4", "4"):
        predict(row, version=version)
    otel_ml.flush()
    events = telemetry.events("ml.feature.violation")
    assert [(event.attributes or {})["ml.model.version"] for event in events] == ["3", "4"]

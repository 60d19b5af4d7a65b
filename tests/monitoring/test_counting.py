"""Rows of a model with a baseline become counts over its bins: all of them, once, and nothing that the policy hides."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from sklearn.linear_model import LogisticRegression

import otel_ml
from otel_ml import runtime
from otel_ml.drift.variables import Variable
from tests.monitoring import examples
from tests.monitoring.conftest import Model
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
Watched = Callable[..., Model]

OBSERVATIONS = "ml.feature.observations"


def predict(row: object, answer: object = None, version: str = "3", **options: Any) -> str | None:
    with otel_ml.inference("churn", version=version, **options) as call:
        call.input(row)
        if answer is not None:
            call.output(answer)
    return call.id


def bins(telemetry: Telemetry, feature: str, **more: Any) -> dict[object, float]:
    """What was counted of a feature, bins without a row left out."""
    otel_ml.flush()
    points = telemetry.metric(OBSERVATIONS, {"ml.feature.name": feature, **more})
    return {point.attributes["ml.feature.bin"]: point.value for point in points if point.value}


def outputs(telemetry: Telemetry, subject: str) -> dict[object, float]:
    otel_ml.flush()
    points = telemetry.metric("ml.prediction.observations", {"ml.drift.subject": subject})
    return {point.attributes["ml.prediction.bin"]: point.value for point in points if point.value}


def violations(telemetry: Telemetry) -> dict[tuple[object, object], float]:
    otel_ml.flush()
    return {
        (point.attributes["ml.feature.name"], point.attributes["ml.violation.type"]): point.value
        for point in telemetry.metric("ml.feature.violations")
    }


ROWS: list[dict[str, object]] = [
    {"age": 25, "plan": "basic", "email": "a@example.com"},
    {"age": 30.0, "plan": "pro", "email": None},
    {"age": 50.5, "plan": "gold", "email": "b@example.com"},
    {"age": None, "plan": None, "email": "c@example.com"},
    {"age": "old", "plan": "basic", "email": "d@example.com"},
    {"age": 130, "plan": "basic", "email": "e@example.com"},
    {"age": float("inf"), "plan": "basic", "email": "f@example.com"},
]
COUNTED: dict[str, dict[object, float]] = {
    "age": {"00": 2, "02": 3, "null": 1, "other": 1},
    "plan": {"00": 4, "01": 1, "other": 1, "null": 1},
    "email": {"value": 6, "null": 1},
}
BROKEN: dict[tuple[object, object], float] = {
    ("age", "null"): 1,
    ("age", "type"): 1,
    ("age", "range"): 2,
    ("age", "non_finite"): 1,
    ("plan", "unseen"): 1,
}


def check_rows(telemetry: Telemetry) -> None:
    for feature, expected in COUNTED.items():
        assert bins(telemetry, feature) == expected
    assert violations(telemetry) == BROKEN


def test_every_bin_is_there_at_zero_before_the_first_prediction(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    names = {
        (p.attributes["ml.feature.name"], p.attributes["ml.feature.bin"]) for p in _present(telemetry, OBSERVATIONS)
    }
    assert names >= {("age", name) for name in ("00", "01", "02", "null", "other")}
    assert names >= {("plan", name) for name in ("00", "01", "null", "other")}
    assert names >= {("email", name) for name in ("value", "null")}
    found = {p.attributes["ml.prediction.bin"] for p in _present(telemetry, "ml.prediction.observations")}
    assert found >= {"00", "01", "null", "other"}


def _present(telemetry: Telemetry, name: str) -> list[Any]:
    return [p for p in telemetry.cumulative(name) if p.attributes.get("ml.baseline.id") == "0123456789ab"]


def test_a_model_that_was_registered_before_is_there_at_zero_too(
    telemetry: Telemetry, instrument: Instrument, tmp_path: Path
) -> None:
    model = Model()
    otel_ml.register_model(model, "early", baseline=examples.baseline("e" * 12))
    instrument(drift_directory=str(tmp_path))
    points = [p for p in telemetry.cumulative(OBSERVATIONS) if p.attributes.get("ml.baseline.id") == "e" * 12]
    assert {point.attributes["ml.feature.name"] for point in points} == {"age", "plan", "email"}
    assert {point.value for point in points} == {0}


def test_rows_are_counted_over_the_bins_and_what_they_break_is_a_violation(
    telemetry: Telemetry, watched: Watched
) -> None:
    watched()
    for row in ROWS:
        predict(row)
    check_rows(telemetry)


@pytest.mark.parametrize("repeated", [1, 50], ids=["a small batch", "a large batch"])
@pytest.mark.parametrize("as_frame", [False, True], ids=["a list", "a frame"])
def test_a_batch_counts_as_its_rows_do(telemetry: Telemetry, watched: Watched, repeated: int, as_frame: bool) -> None:
    watched()
    rows = ROWS * repeated
    predict(pd.DataFrame(rows, dtype=object) if as_frame else rows)
    for feature, expected in COUNTED.items():
        assert bins(telemetry, feature) == {name: count * repeated for name, count in expected.items()}
    assert violations(telemetry) == {what: count * repeated for what, count in BROKEN.items()}


def test_a_violation_names_a_prediction_that_has_it_and_links_its_trace(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    ids = [predict(row) for row in ROWS]
    events = telemetry.events("ml.feature.violation")
    found = {str((e.attributes or {})["ml.violation.type"]): e for e in events}
    assert found.keys() == {"null", "type", "range", "non_finite", "unseen"}
    expected = {"null": ids[3], "type": ids[4], "range": ids[5], "non_finite": ids[6], "unseen": ids[2]}
    assert {kind: (event.attributes or {})["ml.prediction.id"] for kind, event in found.items()} == expected
    spans = {(span.attributes or {})["ml.prediction.id"]: span for span in telemetry.spans()}
    for kind, event in found.items():
        assert event.trace_id == spans[expected[kind]].context.trace_id
        assert (event.attributes or {})["ml.baseline.id"] == "0123456789ab"


def test_answers_are_counted_and_failures_have_none(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    for answer in (
        {"label": "stays", "score": 0.9},
        {"label": "leaves", "score": 0.7},
        {"label": "maybe"},
        {"label": None},
        {"n": 1},
    ):
        predict(ROWS[0], answer)
    predict(ROWS[:3], {"label": ["stays", "stays", "leaves"], "score": [0.9, 0.9, 0.6]})
    with pytest.raises(ZeroDivisionError):
        _fail(ROWS[0])
    assert outputs(telemetry, "prediction") == {"00": 3, "01": 2, "other": 1, "null": 1}
    assert outputs(telemetry, "score") == {"00": 2, "01": 3}
    assert sum(bins(telemetry, "age").values()) == 9, "the failed one had features"


@pytest.mark.parametrize("repeated", [1, 50], ids=["a small batch", "a large batch"])
@pytest.mark.parametrize("as_array", [False, True], ids=["a list", "an array"])
def test_labels_by_column_count_as_those_of_the_rows_do(
    telemetry: Telemetry, watched: Watched, repeated: int, as_array: bool
) -> None:
    watched()
    labels = ["stays", "stays", "leaves"] * repeated
    predict(ROWS[:3] * repeated, {"label": np.array(labels) if as_array else labels})
    assert outputs(telemetry, "prediction") == {"00": 2 * repeated, "01": repeated}
    assert outputs(telemetry, "score") == {}


@pytest.mark.parametrize("repeated", [1, 50], ids=["a small batch", "a large batch"])
@pytest.mark.parametrize("answer", ["stays", ["stays", "leaves"], {"label": ["stays", "leaves"]}, {"n": 1}])
def test_answers_of_another_number_of_rows_are_no_nulls(
    telemetry: Telemetry, watched: Watched, repeated: int, answer: object
) -> None:
    watched()
    predict(ROWS[:3] * repeated, answer)
    assert outputs(telemetry, "prediction") == {}
    assert sum(bins(telemetry, "age").values()) == 3 * repeated


def _fail(row: object) -> None:
    with otel_ml.inference("churn", version="3") as call:
        call.input(row)
        raise ZeroDivisionError


def test_nothing_is_sampled_away(telemetry: Telemetry, watched: Watched) -> None:
    watched(events=0.0)
    with telemetry.sampled_by(ALWAYS_OFF):
        for row in ROWS:
            predict(row, {"label": "stays", "score": 0.9})
    check_rows(telemetry)
    assert outputs(telemetry, "prediction") == {"00": len(ROWS)}


def test_rows_that_trickle_in_wait_a_second_to_be_counted_together(watched: Watched) -> None:
    watched(drift="counts")
    assert runtime.current is not None
    aggregator = runtime.current.aggregator
    (watch,) = runtime.current.watches.all()
    ahead = time.monotonic() + 3_600  # so that the beats of the aggregator's thread are never due

    def counted(moment: float) -> int | None:
        def beat() -> int:
            watch.beat(moment)
            return watch.tally.rows

        return aggregator.look(10.0, beat)

    assert counted(ahead) == 0
    predict(ROWS[0])
    assert counted(ahead + 0.9) == 0
    predict(ROWS[0])
    assert counted(ahead + 1.0) == 2


def test_two_operations_on_the_same_rows_count_once(
    telemetry: Telemetry, instrument: Instrument, tmp_path: Path
) -> None:
    data = pd.DataFrame({"age": [20.0, 40.0, 60.0, 40.0] * 5})
    model = LogisticRegression().fit(data, ["leaves", "stays", "stays", "stays"] * 5)
    instrument(drift_directory=str(tmp_path))
    otel_ml.register_model(model, "churn", version="3", baseline=examples.baseline())
    with trace.get_tracer("test").start_as_current_span("request"):
        model.predict(data)
        model.predict_proba(data)
    assert bins(telemetry, "age") == {"00": 5, "01": 10, "02": 5}
    assert sum(outputs(telemetry, "prediction").values()) == 20
    assert sum(outputs(telemetry, "score").values()) == 20


def test_a_classifier_of_booleans_is_counted_over_the_two_values(
    telemetry: Telemetry, instrument: Instrument, tmp_path: Path
) -> None:
    data = pd.DataFrame({"age": np.random.default_rng(5).normal(40, 10, 3_000)})
    model = LogisticRegression().fit(data, data["age"] > 40)
    predicted = model.predict(data)
    instrument(drift_directory=str(tmp_path))
    baseline = otel_ml.Baseline.fit(data.assign(label=predicted), prediction="label")
    otel_ml.register_model(model, "adult", baseline=baseline)
    model.predict(data)
    model.predict_proba(data.iloc[:200])
    for row in range(10):
        model.predict(data.iloc[[row]])
    found = outputs(telemetry, "prediction")
    counts = {truth: int((predicted == truth).sum()) for truth in (True, False)}
    assert sum(found.values()) == 3_210
    assert found.get("other", 0) == found.get("null", 0) == 0
    report = otel_ml.drift_report(model)
    assert report is not None
    (prediction,) = report.predictions
    assert not prediction.violations
    assert {bin.label: bin.rows for bin in prediction.bins if bin.rows} == {
        str(truth).lower(): counts[truth] + int((predicted[:200] == truth).sum() + (predicted[:10] == truth).sum())
        for truth in counts
    }


def test_names_that_differ_are_violations_and_said_in_the_log(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            predict({"Age": 25, "plan": "basic", "email": None, "shoe.size": 44})
    assert violations(telemetry) == {("age", "missing"): 3, ("Age", "extra"): 3, ("shoe_size", "extra"): 3}
    assert bins(telemetry, "age") == {"null": 3}
    assert bins(telemetry, "shoe_size") == {"value": 3}
    (said,) = [record.getMessage() for record in caplog.records if "age came as Age" in record.getMessage()]
    assert "1 missing (age), 2 unknown (Age, shoe.size)" in said


def test_a_name_that_looks_like_a_secret_does_not_come_into_the_log(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched()
    with caplog.at_level(logging.WARNING):
        predict({"age": 25, "plan": "basic", "email": None, "ann@example.com": 1})
        otel_ml.flush()
    assert "1 unknown (masked_" in caplog.text
    assert "ann@" not in caplog.text


def test_another_order_is_a_violation_where_the_model_goes_by_position(
    telemetry: Telemetry, instrument: Instrument, tmp_path: Path
) -> None:
    data = np.array([[0.0, 20.0], [1.0, 40.0]] * 10)
    model = LogisticRegression().fit(pd.DataFrame(data, columns=["plan", "age"]), [0, 1] * 10)
    instrument(drift_directory=str(tmp_path))
    otel_ml.register_model(model, "churn", baseline=examples.baseline())
    model.predict(pd.DataFrame(data, columns=["plan", "age"]))
    assert {("age", "reordered"): 20, ("plan", "reordered"): 20}.items() <= violations(telemetry).items()
    assert bins(telemetry, "age") == {"00": 10, "01": 10}, "by name all the same"


def test_columns_without_names_are_taken_in_the_order_of_the_baseline(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched()
    with caplog.at_level(logging.WARNING):
        predict([25, "basic", None])
    assert bins(telemetry, "age") == {"00": 1}
    assert bins(telemetry, "plan") == {"00": 1}
    assert "has no names" in caplog.text


@pytest.mark.parametrize("options", [{"mask_words": ["plan"]}, {"feature_deny": ["plan"]}])
def test_what_the_policy_hides_counts_by_null_or_not_alone(
    telemetry: Telemetry, watched: Watched, options: Mapping[str, Any]
) -> None:
    watched(**options)
    for row in ROWS:
        predict(row)
    assert bins(telemetry, "plan") == {"value": 6, "null": 1}
    assert ("plan", "unseen") not in violations(telemetry)


def test_hashed_categories_are_compared_with_hashed_ones(telemetry: Telemetry, watched: Watched) -> None:
    from otel_ml.config import Config
    from otel_ml.privacy.treatment import Treatment

    options: dict[str, Any] = {"feature_actions": "plan=hash", "hash_key": "k" * 32}
    treatment = Treatment(Config.load(environ={}, **options))
    base = examples.baseline()
    hashed = tuple(treatment.category("plan", name) for name in ("basic", "pro"))
    plan = Variable("plan", kind="categorical", rows=4_000, nulls=40, categories=hashed, counts=(3_000, 960, 0))
    watched(type(base)("abcdefabcdef", 4_000, (base.variables[0], plan)), **options)
    for row in ROWS:
        predict(row)
    predict(ROWS * 20)
    assert bins(telemetry, "plan") == {name: count * 21 for name, count in COUNTED["plan"].items()}


def test_payload_that_is_switched_off_leaves_the_metrics(telemetry: Telemetry, watched: Watched) -> None:
    watched(capture="off")
    for row in ROWS:
        predict(row)
    check_rows(telemetry)


def test_two_baselines_of_one_version_never_mix(telemetry: Telemetry, watched: Watched) -> None:
    old = watched()
    predict(ROWS[0])
    otel_ml.flush()
    new = Model()
    otel_ml.register_model(new, "churn", version="3", baseline=examples.baseline("f" * 12))
    predict(ROWS[2])
    predict(ROWS[2])
    assert bins(telemetry, "age", **{"ml.baseline.id": "0123456789ab"}) == {"00": 1}
    assert bins(telemetry, "age", **{"ml.baseline.id": "f" * 12}) == {"02": 2}
    ratios = telemetry.metric("ml.feature.null.ratio", {"ml.feature.name": "age", "ml.model.name": "churn"})
    assert len(ratios) == 1
    assert old is not new


def test_a_budget_of_series_leaves_nulls_and_values_to_the_rest(telemetry: Telemetry, watched: Watched) -> None:
    watched(metric_bins=6, metric_features=2)
    for row in ROWS:
        predict(row)
    assert bins(telemetry, "age") == COUNTED["age"]
    assert bins(telemetry, "plan") == {"value": 6, "null": 1}
    assert bins(telemetry, "(other)") == {"value": 6, "null": 1}


def test_drift_can_be_off(telemetry: Telemetry, watched: Watched, tmp_path: Path) -> None:
    model = watched(drift="off")
    predict(ROWS[0])
    assert bins(telemetry, "age") == {"value": 1}
    assert otel_ml.drift_report(model) is None
    assert not (tmp_path / "drift").exists()


def test_bins_can_be_counted_without_a_monitor(telemetry: Telemetry, watched: Watched, tmp_path: Path) -> None:
    model = watched(drift="counts")
    for row in ROWS:
        predict(row)
    check_rows(telemetry)
    assert otel_ml.drift_report(model) is None
    assert telemetry.metric("ml.drift.alarm") == []
    assert not (tmp_path / "drift").exists()


def test_rows_that_had_to_be_given_up_are_counted_as_left_out(telemetry: Telemetry, watched: Watched) -> None:
    watched(queue_rows=1_500)
    rows = pd.DataFrame([{"age": 20.0, "plan": "basic", "email": None}] * 1_000)
    assert runtime.current is not None
    with runtime.current.aggregator._work:  # as if something took very long
        for _ in range(50):
            predict(rows)
    counted = sum(bins(telemetry, "age").values())
    left_out = sum(point.value for point in telemetry.metric("ml.telemetry.dropped", {"ml.drop.signal": "drift"}))
    assert (counted, left_out) == (1_000, 49_000)


def test_a_caller_who_sends_other_names_each_time_fills_neither_memory_nor_the_log(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched(metric_features=20)
    for number in range(300):
        predict({f"name_{number}_{index}": index for index in range(150)})
    otel_ml.flush()
    found = violations(telemetry)
    assert len(found) <= 1_010
    assert sum(count for (_, kind), count in found.items() if kind == "extra") == 300 * 150
    assert found["age", "missing"] == 300
    said = [record for record in caplog.records if "not those of the baseline" in record.getMessage()]
    assert len(said) <= 10
    assert max(len(record.getMessage()) for record in said) < 500

"""The service looks for drift in its own traffic: alarms as metrics and events, and a report for whoever asks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import otel_ml
from otel_ml import ConfigError, runtime
from tests.monitoring import examples
from tests.monitoring.conftest import Model
from tests.monitoring.test_counting import predict
from tests.support.telemetry import Telemetry

Watched = Callable[..., Model]

START = 1_700_000_040.0  # the start of a minute
IDENTITY = {"ml.model.name": "churn", "ml.model.version": "3", "ml.baseline.id": "0123456789ab"}


def send(
    minutes: int,
    first: int = 0,
    *,
    rows: int = 300,
    seed: int = 0,
    age: float | None = None,
    label: str | None = None,
    said: tuple[str, ...] = ("label", "score"),
) -> list[str]:
    """Predict through some minutes of event time; one prediction id for each.

    Args:
        minutes: how many.
        first: of them, counted from START.
        rows: in each.
        seed: of what is drawn.
        age: in every row, where it is given.
        label: in every answer, where it is given.
        said: what the model says of each row.
    """
    rng = np.random.default_rng((seed, first))
    ids = []
    for minute in range(first, first + minutes):
        sent = [examples.usual_row(rng) for _ in range(rows)]
        if age is not None:
            for row in sent:
                row["age"] = age
        answers = [examples.usual_answer(rng) for _ in range(rows)]
        answer = {name: [one[name] for one in answers] for name in said}
        if label is not None:
            answer["label"] = [label] * rows
        ids.append(str(predict(sent, answer, event_time=START + 60 * minute)))
    otel_ml.flush()
    return ids


def gauge(telemetry: Telemetry, name: str, **more: Any) -> dict[object, float]:
    """Values by feature, or by subject where there is none."""
    points = telemetry.metric(name, {**IDENTITY, **more})
    return {
        point.attributes.get("ml.feature.name", point.attributes.get("ml.drift.subject")): point.value
        for point in points
    }


@pytest.mark.parametrize("options", [{"mask_words": ["plan"]}, {"feature_deny": ["plan"]}])
def test_a_report_shows_no_category_that_the_policy_hides(watched: Watched, options: dict[str, Any]) -> None:
    watched(**options)
    send(3, rows=100)
    report = otel_ml.drift_report("churn")
    assert report is not None
    plan = next(feature for feature in report.features if feature.name == "plan")
    assert plan.bins == ()
    assert "basic" not in json.dumps(report.to_dict())


def test_usual_traffic_raises_no_alarm_and_has_scores_with_their_noise(telemetry: Telemetry, watched: Watched) -> None:
    model = watched(drift_scores="psi,hellinger")
    send(10)
    report = otel_ml.drift_report(model)
    assert report is not None
    assert (report.baseline, report.rows, report.alarm, report.late) == ("0123456789ab", 3_000, False, 0)
    alarms = gauge(telemetry, "ml.drift.alarm", **{"ml.drift.method": "e_detector", "ml.drift.reader": "process"})
    assert alarms == {"age": 0, "plan": 0, "email": 0, "prediction": 0, "score": 0}
    (features,) = telemetry.metric("ml.drift.features", IDENTITY)
    assert features.value == 0
    for method in ("psi", "hellinger"):
        scores = gauge(telemetry, "ml.drift.score", **{"ml.drift.method": method})
        noise = gauge(telemetry, "ml.drift.noise", **{"ml.drift.method": method})
        assert scores.keys() == noise.keys() == {"age", "plan", "prediction", "score"}
        reported = {v.name: v.scores[method] for v in (*report.features, *report.predictions)}
        assert {name: reported[str(name)] for name in scores} == scores
    (age,) = telemetry.metric("ml.model.age", IDENTITY)
    assert age.value == pytest.approx(time.time() - 1_767_225_600, abs=60)
    assert telemetry.events("ml.drift.detected") == []


def test_an_alarm_is_said_where_there_are_no_other_events(telemetry: Telemetry, watched: Watched) -> None:
    watched(events="off")
    send(5)
    send(4, 5, age=80.0)
    assert [event.event_name for event in telemetry.events()] == ["ml.drift.detected"]


def test_drift_is_an_event_that_names_predictions_and_links_a_trace(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    send(5)
    drifted = send(4, 5, age=80.0)
    (event,) = telemetry.events("ml.drift.detected")
    found: dict[str, Any] = dict(event.attributes or {})
    examples_found = found.pop("ml.drift.examples")
    assert found.pop("ml.drift.score") > 0.2
    assert found.pop("ml.drift.rows") % 300 == 0
    assert found.pop("ml.drift.since") in {"2023-11-14T22:18:00Z", "2023-11-14T22:19:00Z"}
    assert found.pop("ml.drift.bins")[0] == "02"
    assert found == {
        **IDENTITY,
        "ml.drift.method": "e_detector",
        "ml.drift.subject": "feature",
        "ml.drift.reader": "process",
        "ml.drift.direction": "up",
        "ml.feature.name": "age",
    }
    assert 1 <= len(examples_found) <= 5
    calls = {example.rpartition("-")[0] for example in examples_found}
    assert calls <= set(drifted)
    traces = {span.context.trace_id for span in telemetry.spans() if span.attributes["ml.prediction.id"] in calls}  # type: ignore[index]
    assert event.trace_id in traces
    assert event.timestamp is not None
    assert START + 60 * 6 <= event.timestamp / 1e9 <= START + 60 * 9, "event time, not the clock's"
    assert gauge(telemetry, "ml.drift.alarm")["age"] == 1
    (features,) = telemetry.metric("ml.drift.features", IDENTITY)
    assert features.value == 1


@pytest.mark.parametrize("rows", [60, 300], ids=["small batches", "large batches"])
def test_predictions_that_come_as_one_column_are_watched(telemetry: Telemetry, watched: Watched, rows: int) -> None:
    model = watched()
    send(10, rows=rows, said=("label",))
    report = otel_ml.drift_report(model)
    assert report is not None
    (prediction,) = [variable for variable in report.predictions if variable.name == "prediction"]
    assert (report.rows, prediction.null_ratio, prediction.alarm) == (10 * rows, 0.0, False)
    assert prediction.rows >= rows, "in the last window"
    assert telemetry.events("ml.drift.detected") == []
    send(30, 10, rows=rows, said=("label",), label="leaves")
    (event,) = telemetry.events("ml.drift.detected")
    assert (event.attributes or {})["ml.drift.subject"] == "prediction"
    assert (event.attributes or {})["ml.drift.bins"][0] == "01"  # type: ignore[index]


def test_drift_that_ends_is_resolved(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    send(3, age=80.0)
    assert len(telemetry.events("ml.drift.detected")) == 1
    send(150, 3, rows=100)
    (event,) = telemetry.events("ml.drift.resolved")
    assert (event.attributes or {})["ml.feature.name"] == "age"
    assert gauge(telemetry, "ml.drift.alarm")["age"] == 0


def test_rare_events_have_an_alarm_of_their_own_with_the_very_rows_as_examples(
    telemetry: Telemetry, watched: Watched
) -> None:
    watched()
    send(2)
    rng = np.random.default_rng(7)
    strange = set()
    for minute in range(2, 8):
        rows = [examples.usual_row(rng) for _ in range(300)]
        for index in range(0, 300, 25):
            rows[index]["plan"] = "gold"
        call = predict(rows, event_time=START + 60 * minute)
        strange |= {f"{call}-{index}" for index in range(0, 300, 25)}
    otel_ml.flush()
    events: list[dict[str, Any]] = [dict(event.attributes or {}) for event in telemetry.events("ml.drift.detected")]
    (unseen,) = [event for event in events if event.get("ml.violation.type") == "unseen"]
    assert unseen["ml.feature.name"] == "plan"
    assert set(unseen["ml.drift.examples"]) <= strange
    assert unseen["ml.drift.examples"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3)], ids=["in order", "a late step"])
def test_an_alarm_shows_rows_of_its_own_steps_when_many_are_worked_off_at_once(
    telemetry: Telemetry, watched: Watched, order: tuple[int, ...]
) -> None:
    watched(drift_lateness=60.0)
    rng = np.random.default_rng(7)
    calls = {}
    for minute in order:
        rows = [examples.usual_row(rng) for _ in range(900)]
        for row in rows[: 450 if minute == 1 else 15]:
            row["plan"] = None
        calls[minute] = str(predict(rows, event_time=START + 60 * minute))
    otel_ml.flush()
    events: list[dict[str, Any]] = [dict(event.attributes or {}) for event in telemetry.events("ml.drift.detected")]
    (event,) = [event for event in events if event.get("ml.violation.type") == "null"]
    assert event["ml.feature.name"] == "plan"
    assert {example.rpartition("-")[0] for example in event["ml.drift.examples"]} == {calls[1]}


def test_rows_that_come_too_late_are_left_out_and_counted(telemetry: Telemetry, watched: Watched) -> None:
    model = watched()
    send(5)
    send(1, rows=70)
    report = otel_ml.drift_report(model)
    assert report is not None
    assert (report.rows, report.late) == (1_500, 70)
    late = telemetry.metric("ml.telemetry.dropped", {"ml.drop.signal": "drift", "ml.drop.reason": "late"})
    assert [point.value for point in late] == [70]


def test_a_time_in_the_future_does_not_carry_the_windows_away(telemetry: Telemetry, watched: Watched) -> None:
    model = watched()
    predict(examples.usual_row(np.random.default_rng(0)), event_time=time.time() + 10 * 365 * 86_400)
    predict(examples.usual_row(np.random.default_rng(0)))
    report = otel_ml.drift_report(model)
    assert report is not None
    assert (report.rows, report.late) == (2, 0)


@pytest.mark.parametrize("time_of", ["soon", None, 4e9], ids=["garbage", "missing", "next century"])
def test_times_that_can_not_be_used_are_said_at_most_once_a_minute(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture, time_of: object
) -> None:
    watched(event_time="header:x-happened")
    rows = [examples.usual_row(np.random.default_rng(0))] * 7
    predict(rows, event_time=START)
    otel_ml.flush()
    assert "rows happened" not in caplog.text
    for _ in range(3):
        predict(rows, event_time=time_of)
        otel_ml.flush()
    (said,) = [record.getMessage() for record in caplog.records if "rows happened" in record.getMessage()]
    assert "when 7 rows happened (the last of churn)" in said
    assert "event_time is header:x-happened" in said


def test_rows_of_which_a_feature_does_not_tell_the_time_are_said(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched(event_time="feature:at")
    row = examples.usual_row(np.random.default_rng(0))
    predict([{**row, "at": at} for at in (START, None, "soon", START, 4e9)])
    predict({**row, "at": START})
    otel_ml.flush()
    assert "when 3 rows happened" in caplog.text


def test_nothing_is_said_of_the_time_where_nobody_was_to_tell_it(
    telemetry: Telemetry, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched()
    predict(examples.usual_row(np.random.default_rng(0)))
    otel_ml.flush()
    assert "happened" not in caplog.text


def test_a_feature_may_tell_the_time(telemetry: Telemetry, watched: Watched) -> None:
    watched(event_time="feature:at")
    rng = np.random.default_rng(0)
    rows = [{**examples.usual_row(rng), "at": START + 60 * (index // 300)} for index in range(1_500)]
    predict(rows)
    for row in rows[-5:]:
        predict({**row, "at": "2023-11-14T22:19:30Z"})
    otel_ml.flush()
    report = otel_ml.drift_report("churn", "3")
    assert report is not None
    assert (report.rows, report.steps, report.late) == (1_505, 4, 0)


def test_fixed_thresholds_can_replace_the_alarm(telemetry: Telemetry, watched: Watched) -> None:
    watched(drift_thresholds="psi=0.2")
    send(2)
    send(4, 2, age=80.0)
    (event,) = telemetry.events("ml.drift.detected")
    assert (event.attributes or {})["ml.drift.method"] == "psi"
    assert gauge(telemetry, "ml.drift.alarm", **{"ml.drift.method": "psi"})["age"] == 1


def test_replicas_share_the_budget_of_false_alarms(telemetry: Telemetry, watched: Watched) -> None:
    watched(replicas=4, drift_false_alarms_per_week=2.0)
    send(1)
    assert runtime.current is not None
    (watch,) = runtime.current.watches.all()
    assert watch.post is not None
    assert 1 / watch.post.settings.budget == pytest.approx(4 * 10_080 / 2)


def test_the_report_is_found_by_object_and_by_name_and_served_as_json(telemetry: Telemetry, watched: Watched) -> None:
    model = watched()
    newer = Model()
    otel_ml.register_model(newer, "churn", version="4", baseline=examples.baseline("f" * 12))
    app = FastAPI()

    @app.get("/drift")
    def drift() -> dict[str, Any] | None:
        report = otel_ml.drift_report(model)
        return None if report is None else report.to_dict()

    send(3)
    by_version = {version: otel_ml.drift_report("churn", version) for version in (None, "3", "4", "5")}
    assert {version: report and report.baseline for version, report in by_version.items()} == {
        None: "f" * 12,
        "3": "0123456789ab",
        "4": "f" * 12,
        "5": None,
    }
    assert otel_ml.drift_report(newer) == by_version["4"]
    served = TestClient(app).get("/drift").json()
    assert (served["schema"], served["rows"]) == ("otel-ml.check/1", 900)
    json.dumps(served, allow_nan=False)
    assert otel_ml.drift_report("unknown") is None
    assert otel_ml.drift_report(Model()) is None


def test_the_state_survives_a_restart(telemetry: Telemetry, watched: Watched) -> None:
    watched()
    send(3)
    before = otel_ml.drift_report("churn")
    otel_ml.uninstrument()
    assert otel_ml.drift_report("churn") is None
    watched()
    after = otel_ml.drift_report("churn")
    assert before is not None
    assert after == before
    send(3, 3)
    report = otel_ml.drift_report("churn")
    assert report is not None
    assert report.rows == 1_800


def test_models_that_come_and_go_do_not_fill_memory(
    telemetry: Telemetry, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_ml.monitoring.watches.MAX_WATCHES", 3)
    watched()
    models = [Model() for _ in range(5)]
    for number, model in enumerate(models):
        otel_ml.register_model(model, f"model-{number}", version="1", baseline=examples.baseline(f"{number:012}"))
    otel_ml.flush()
    assert runtime.current is not None
    assert {watch.baseline.id for watch in runtime.current.watches.all()} == {f"{number:012}" for number in (2, 3, 4)}


def test_a_directory_that_can_not_be_used_is_said_once_and_drift_is_watched_all_the_same(
    telemetry: Telemetry, watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    watched(drift_directory=str(tmp_path / "file"))
    other = Model()
    otel_ml.register_model(other, "churn", version="4", baseline=examples.baseline("f" * 12))
    send(3, age=80.0)
    predict(examples.usual_row(np.random.default_rng(0)), version="4")
    otel_ml.flush()
    assert len(telemetry.events("ml.drift.detected")) == 1
    assert len([record for record in caplog.records if "in each process by itself" in record.getMessage()]) == 1


def test_the_baseline_of_a_service_with_one_model_needs_no_code(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    examples.baseline(model="churn").save(tmp_path / "churn.json")
    instrument(drift_directory=str(tmp_path), baseline=str(tmp_path / "churn.json"))
    send(2)
    report = otel_ml.drift_report("churn")
    assert report is not None
    assert report.rows == 600
    with otel_ml.inference("another") as call:
        call.input({"age": 1})
    assert otel_ml.drift_report("another") is None


@pytest.mark.parametrize("content", [None, "", "{}", '{"schema": "otel-ml.baseline/99"}', "[" * 100_000])
def test_a_baseline_that_can_not_be_used_is_refused_at_once(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"register_model.'churn'.: the baseline can not be used"):
        otel_ml.register_model(Model(), "churn", baseline=path)
    with pytest.raises(ConfigError, match="the baseline can not be used"):
        instrument(baseline=str(path))


def test_what_is_no_baseline_is_refused() -> None:
    with pytest.raises(ConfigError, match="not a int"):
        otel_ml.register_model(Model(), "churn", baseline=7)  # type: ignore[arg-type]

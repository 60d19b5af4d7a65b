"""A model that is loaded anew, under its old name, with another baseline: the newest holds, and former ones end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import otel_ml
from otel_ml import runtime
from otel_ml.registry import MAX_MODELS
from tests.monitoring import examples
from tests.monitoring.conftest import Model
from tests.monitoring.test_counting import OBSERVATIONS, predict
from tests.support.descriptors import open_below
from tests.support.telemetry import Telemetry

Watched = Callable[..., Model]

ROW = {"age": 25, "plan": "basic", "email": "ann@example.com"}
FIRST, SECOND, THIRD = (f"{number:012}" for number in (1, 2, 3))


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """Objects in cycles live until it is asked for."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def load(identifier: str, *, version: str = "3") -> Model:
    model = Model()
    otel_ml.register_model(model, "churn", version=version, baseline=examples.baseline(identifier))
    return model


def send(rows: int = 1) -> None:
    rng = np.random.default_rng(0)
    predict([examples.usual_row(rng) for _ in range(rows)])
    otel_ml.flush()


def counted(telemetry: Telemetry) -> dict[object, float]:
    """Rows by baseline."""
    otel_ml.flush()
    found: dict[object, float] = {}
    for point in telemetry.metric(OBSERVATIONS, {"ml.feature.name": "age"}):
        baseline = point.attributes.get("ml.baseline.id")
        found[baseline] = found.get(baseline, 0) + point.value
    return found


def watches() -> list[str]:
    assert runtime.current is not None
    return [watch.baseline.id for watch in runtime.current.watches.all()]


def test_calls_by_name_go_by_the_newest_registration_at_once(telemetry: Telemetry, watched: Watched) -> None:
    kept = [watched(baseline=examples.baseline(FIRST))]
    send()
    kept.append(load(SECOND))
    send(2)
    kept.append(load(THIRD))
    send(3)
    assert counted(telemetry) == {FIRST: 1, SECOND: 2, THIRD: 3}
    report = otel_ml.drift_report("churn")
    assert report is not None
    assert (report.baseline, report.rows) == (THIRD, 3)


def test_the_newest_holds_although_the_one_before_is_in_a_cycle(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    instrument(drift_directory=str(tmp_path))
    old = load(FIRST)
    old.itself = old  # type: ignore[attr-defined]
    del old
    new = load(SECOND)
    send()
    assert counted(telemetry)[SECOND] == 1
    assert watches() == [FIRST, SECOND]
    gc.collect()
    new = load(THIRD)
    send()
    assert watches() == [THIRD], "the one in a cycle has ended, too"
    assert counted(telemetry)[THIRD] == 1
    assert new is not None


def test_a_service_that_loads_its_model_again_and_again_reports_the_last_one(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    instrument(drift_directory=str(tmp_path), metric_bins=24, metric_features=6)  # enough for two of them
    model = None
    for number in range(6):
        model = load(f"{number:012}", version=str(number))  # the one before is there until this one takes its name
        predict(ROW, version=str(number))
        otel_ml.flush()
        assert watches() == [f"{number:012}"]
        bins = {
            point.attributes["ml.feature.bin"]
            for point in telemetry.metric(OBSERVATIONS, {"ml.feature.name": "age", "ml.baseline.id": f"{number:012}"})
        }
        assert bins >= {"00", "01", "02"}, "there is room for the bins of the newest"
    assert model is not None


def test_what_ends_is_handed_over_and_goes_on_when_it_comes_back(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    instrument(drift_directory=str(tmp_path))
    first = load(FIRST)
    predict([ROW] * 10)  # still waits to be counted
    del first
    second = load(SECOND)
    assert watches() == [SECOND]
    send()
    again = load(FIRST)
    send(5)
    report = otel_ml.drift_report(again)
    assert report is not None
    assert (report.baseline, report.rows) == (FIRST, 15)
    assert counted(telemetry)[FIRST] == 5
    assert otel_ml.drift_report(second) is not None


def test_the_same_baseline_registered_again_counts_on(telemetry: Telemetry, watched: Watched) -> None:
    first = watched(baseline=examples.baseline(FIRST))
    send(2)
    otel_ml.register_model(first, "churn", version="3", baseline=examples.baseline(FIRST))
    send(3)
    assert counted(telemetry) == {FIRST: 5}


def test_the_baseline_of_the_service_does_not_end_with_an_object(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "churn.json"
    examples.baseline(model="churn").save(path)
    instrument(drift_directory=str(tmp_path), baseline=str(path))
    model, other = Model(), Model()
    otel_ml.register_model(model, "churn", version="3", baseline=path)
    send()
    (default,) = watches()
    del model
    otel_ml.register_model(other, "other", baseline=examples.baseline(SECOND))
    send()
    assert counted(telemetry)[default] == 2


def test_a_watch_ends_with_its_object(telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path) -> None:
    instrument(drift_directory=str(tmp_path))
    otel_ml.register_model(Model(), "churn", version="3", baseline=examples.baseline(FIRST))
    otel_ml.flush()
    assert watches() == []
    assert otel_ml.drift_report("churn") is None
    telemetry.metric(OBSERVATIONS)
    assert counted(telemetry) == {}


def test_the_last_rows_of_what_ends_are_reported_once(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    instrument(drift_directory=str(tmp_path))
    model = load(FIRST)
    predict([ROW] * 10)
    del model
    second = load(SECOND)
    points = telemetry.metric(OBSERVATIONS, {"ml.feature.name": "age", "ml.baseline.id": FIRST})
    assert sum(point.value for point in points) == 10
    assert counted(telemetry) == {SECOND: 0}
    assert second is not None


def test_a_call_that_outlives_its_registration_is_counted_as_left_out(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path
) -> None:
    instrument(drift_directory=str(tmp_path))
    model = load(FIRST)
    with otel_ml.inference("churn", version="3") as call:
        call.input([ROW] * 7)
        del model
        otel_ml.flush()
        assert watches() == []
    otel_ml.flush()
    assert sum(point.value for point in telemetry.metric("ml.telemetry.dropped", {"ml.drop.signal": "drift"})) == 7


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted as Linux does")
@pytest.mark.parametrize("reader", ["metrics", "report"])
def test_a_process_without_traffic_does_not_gather_open_files(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path, reader: str
) -> None:
    instrument(drift_directory=str(tmp_path))
    model, found = None, []
    for number in range(8):
        model = load(f"{number:012}")
        if reader == "metrics":
            telemetry.metric(OBSERVATIONS)
        else:
            assert otel_ml.drift_report(model) is not None
        found.append(open_below(tmp_path))
    assert found[-1] == found[1]


@pytest.mark.parametrize("same_version", [True, False])
def test_drift_is_watched_after_however_many_reloads(
    telemetry: Telemetry, instrument: Callable[..., None], tmp_path: Path, same_version: bool
) -> None:
    instrument(drift_directory=str(tmp_path), events="off", metric_features=12)  # of three such models
    model = None
    for number in range(MAX_MODELS + 5):
        version = "3" if same_version else str(number)
        model = load(f"{number:012}", version=version)
        predict({**ROW, "more": 1}, {"label": "stays"}, version=version)
        assert runtime.current is not None
        assert runtime.current.aggregator.drain(10)
        runtime.current.settle()  # as a collection does first
    report = otel_ml.drift_report(model)
    assert report is not None
    assert report.rows == 1
    telemetry.metric(OBSERVATIONS)
    points = telemetry.metric("ml.predictions")
    assert {point.attributes["ml.model.name"] for point in points} == {"churn"}
    if same_version:
        assert sum(point.value for point in points) == MAX_MODELS + 5, "the total goes on"
    found = {point.attributes["ml.feature.name"] for point in telemetry.metric(OBSERVATIONS)}
    assert found == {"age", "plan", "email", "more"}, "former ones have given back their room for features"

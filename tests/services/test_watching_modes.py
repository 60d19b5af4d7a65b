"""What the options of drift make of a service, as its operator sees it from outside."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.services.replaying import HEADER, HOUR, Replay, in_alarm, replayed
from tests.services.serving import REQUEST_SECONDS
from tests.support.otlp import OtlpSink

ENV = {"OTEL_ML_EVENT_TIME": f"header:{HEADER}"}
COUNTERS = {"ml.feature.observations", "ml.prediction.observations", "ml.feature.violations"}
GAUGES = {"ml.drift.score", "ml.drift.noise", "ml.drift.alarm", "ml.drift.features"}


def answer(traffic: Replay, name: str) -> tuple[int, object]:
    """What the route of the report says."""
    response = httpx.get(f"{traffic.service.url}/drift/{name}", timeout=REQUEST_SECONDS)
    return response.status_code, response.json().get("detail")


def with_baseline(sink: OtlpSink) -> set[str]:
    """Metrics that tell of a baseline, bins or violations."""
    found = set()
    for name in (*COUNTERS, *GAUGES):
        points = [point.attributes for point in sink.metric_points(name)]
        if name != "ml.feature.observations" or any(point["ml.feature.bin"] == "02" for point in points):
            found |= {name for point in points if "ml.baseline.id" in point}
    return found


@pytest.mark.parametrize(("mode", "metrics"), [("off", set()), ("counts", COUNTERS)])
def test_without_a_monitor_there_is_no_report_and_the_route_says_so(
    otlp_sink: OtlpSink, tmp_path: Path, mode: str, metrics: set[str]
) -> None:
    with replayed(otlp_sink, tmp_path, {**ENV, "OTEL_ML_DRIFT": mode}) as traffic:
        traffic.replay(range(5), 40, age=None)
        assert [answer(traffic, name) for name in ("churn", "bare", "nobody")] == [
            (404, f"{name} is not watched for drift") for name in ("churn", "bare", "nobody")
        ]
        traffic.service.end()
    assert with_baseline(otlp_sink) == metrics
    assert not (tmp_path / "drift").exists()
    assert otlp_sink.events("ml.drift.detected") == []


def test_with_a_monitor_only_a_model_that_has_a_baseline_has_a_report(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with replayed(otlp_sink, tmp_path, ENV) as traffic:
        traffic.replay(range(5), 300, age=None)
        report = traffic.wait_for_rows()
        assert answer(traffic, "bare") == (404, "bare is not watched for drift")
        traffic.service.end()
    assert in_alarm(report) == {"age"}
    assert with_baseline(otlp_sink) == COUNTERS | GAUGES


def test_replicas_share_the_budget_so_that_each_is_slower_to_alarm(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    """The same traffic, in a service that is the only one and in one of very many."""
    with ExitStack() as stack:
        minutes = []
        for replicas in ("1", "100000"):
            folder = tmp_path / replicas
            folder.mkdir()
            env = {**ENV, "OTEL_ML_REPLICAS": replicas, "OTEL_SERVICE_NAME": replicas}
            traffic = stack.enter_context(replayed(otlp_sink, folder, env))
            for minute in range(40):
                traffic.replay(range(minute, minute + 1), 24)
                traffic.replay(range(minute, minute + 1), 8, age=80.0)
            traffic.wait_for_rows()
            traffic.service.end()
            (event,) = [
                event
                for event in otlp_sink.events("ml.drift.detected")
                if event.source.resource["service.name"] == replicas
            ]
            minutes.append(traffic.minute_of(event))
    assert minutes[0] < minutes[1]


@pytest.mark.parametrize("reference", ["last_week", "previous"])
def test_recorded_weeks_are_compared_with_their_own_past(otlp_sink: OtlpSink, tmp_path: Path, reference: str) -> None:
    """Neither last week's nights, which are not as its days, nor customers of another age than the baseline's are drift."""
    env = {**ENV, "OTEL_ML_DRIFT_REFERENCE": reference, "OTEL_ML_DRIFT_WINDOW": str(HOUR)}
    hours, since = 9 * 24, 8 * 24
    with replayed(otlp_sink, tmp_path, env, days=12) as traffic:
        for hour in range(hours):
            is_night = reference == "last_week" and hour % 24 < 8
            age = 25.0 if hour >= since else 80.0 if is_night else 45.0
            traffic.send(100, traffic.start + HOUR * hour, age=age)
        report = traffic.wait_for_rows()
        traffic.service.end()
    assert (report["steps"], report["late"]) == (hours - 2, 0)
    (event,) = otlp_sink.events("ml.drift.detected")
    assert event.attributes["ml.feature.name"] == "age"
    assert since < (event.time / 1e9 - traffic.start) / HOUR <= since + 8

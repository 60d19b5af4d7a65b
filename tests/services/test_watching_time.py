"""A service whose clients say when a prediction happened: hours are replayed in seconds, and no clock leads it astray."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.services.replaying import DAY, HEADER, MINUTE, in_alarm, iso, replayed
from tests.support.otlp import OtlpSink

USELESS = (time.time() + 365 * DAY, "9e300", "soon", "", -5, None)
"""What clients send, and what says nothing of the time."""


@pytest.mark.parametrize("source", ["header", "feature"])
def test_hours_that_are_replayed_drift_when_they_did(otlp_sink: OtlpSink, tmp_path: Path, source: str) -> None:
    is_header = source == "header"
    env = {"OTEL_ML_EVENT_TIME": f"header:{HEADER}" if is_header else "feature:at"}
    with replayed(otlp_sink, tmp_path, env) as traffic:
        for minute in range(60):
            traffic.send(40, traffic.start + minute * MINUTE, header=is_header)
        for useless in USELESS:
            traffic.send(1, useless, header=is_header)
        traffic.send(7, 0, header=is_header)
        report = traffic.wait_for_rows(traffic.sent - 7)
        assert (report["late"], in_alarm(report)) == (7, set())
        assert report["steps"] < 60, "none of them took the windows along"
        for minute in range(60, 120):
            traffic.send(40, iso(traffic.start + minute * MINUTE), header=is_header, age=80.0)
        report = traffic.wait_for_rows(traffic.sent - 7)
        traffic.service.end()
    assert (report["late"], in_alarm(report)) == (7, {"age"})
    (event,) = otlp_sink.events("ml.drift.detected")
    assert 61 <= traffic.minute_of(event) <= 66, "the end of the window that told"
    assert event.attributes["ml.drift.since"] == iso(traffic.start + 60 * MINUTE).replace("+00:00", "Z")
    assert event.trace_id
    (dropped,) = otlp_sink.metric_points("ml.telemetry.dropped")
    assert (dropped.attributes["ml.drop.reason"], dropped.value) == ("late", 7)

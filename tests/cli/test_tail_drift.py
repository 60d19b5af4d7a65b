"""`otel-ml tail` beside a service that drifts: what it found in words, and no alarm among the lines that are left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

from tests.cli.process import Terminal, grpc_endpoint, piped
from tests.cli.test_tail import schema
from tests.services.replaying import HEADER, Replay, replayed
from tests.support.otlp import OtlpSink
from tests.support.wait import PATIENCE

ALARM = re.compile(
    r"churn 3: age up, total variation 0\.\d+, [\d,]+ rows, since \d{4}-\d\d-\d\dT\d\d:\d\d:00Z, bins 02( \d\d)*"
)


def env(endpoint: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_ML_EVENT_TIME": f"header:{HEADER}", "OTEL_ML_EVENTS": "all"}


def drift(traffic: Replay) -> None:
    """Usual traffic, an age that can not be, and then older customers."""
    traffic.replay(range(4), 40)
    traffic.send(3, traffic.start + 180, age=-5.0)
    traffic.replay(range(4, 12), 40, age=80.0)
    traffic.wait_for_rows()
    traffic.service.end()


def test_findings_are_said_in_words(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with piped() as process:
        assert process.stdout is not None
        with replayed(otlp_sink, tmp_path, env(grpc_endpoint(process.stdout.readline()))) as traffic:
            drift(traffic)
        process.terminate()
        lines = process.communicate(timeout=PATIENCE)[0].splitlines()
    (detected,) = [line for line in lines if "WARN ml.drift.detected" in line]
    assert re.search(ALARM.pattern + r" id=[0-9a-f-]{36}-\d+( id=\S+)* trace=[0-9a-f]{32}$", detected)
    (violation,) = [line for line in lines if "WARN ml.feature.violation" in line]
    assert re.search(r"churn 3: age range, [123] values? id=[0-9a-f-]{36}-\d+ trace=[0-9a-f]{32}$", violation)


def test_findings_are_lines_of_json(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with piped("--output", "json") as process:
        assert process.stdout is not None
        endpoint = json.loads(process.stdout.readline())["grpc"]
        with replayed(otlp_sink, tmp_path, env(endpoint)) as traffic:
            drift(traffic)
        process.terminate()
        lines: list[dict[str, Any]] = [
            json.loads(line) for line in process.communicate(timeout=PATIENCE)[0].splitlines()
        ]
    validator = jsonschema.Draft202012Validator(schema())
    found = {line["name"]: line for line in lines if line["kind"] == "event"}
    for line in found.values():
        validator.validate(line)
    detected = found["ml.drift.detected"]
    assert (detected["severity"], detected["attributes"]["ml.feature.name"]) == ("WARN", "age")
    assert isinstance(detected["attributes"]["ml.drift.examples"], list)
    assert detected["trace_id"]
    assert found["ml.feature.violation"]["attributes"]["ml.violation.type"] == "range"
    gauges = [line for line in lines if line["kind"] == "metric" and line["name"] == "ml.drift.alarm"]
    assert max(line["value"] for line in gauges) == 1


def test_an_alarm_is_shown_however_little_else_is(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with Terminal("--rate", "1", rows=60) as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with replayed(otlp_sink, tmp_path, env(endpoint)) as traffic:
            drift(traffic)
        screen = terminal.wait_for(lambda screen: "ml.drift.detected" in screen)
        terminal.press(b"\x03")
        assert terminal.end() == 0
    lines = screen.splitlines()
    place = next(place for place, line in enumerate(lines) if "ml.drift.detected" in line)
    assert ALARM.search(lines[place])
    assert any(line.startswith("    id=") for line in lines[place + 1 : place + 3])
    assert "calls not shown" in terminal.screen()

"""`otel-ml tail` into pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics
from tests.cli.process import COMMAND, grpc_endpoint, piped
from tests.support.traffic import Traffic
from tests.support.wait import PATIENCE

DOC = Path(__file__).parents[2] / "docs" / "tail.md"
FEATURES = {"age": 42, "carrier": "UA", "gust": None}
OUTPUT = {names.ML_OUTPUT_LABEL: "late", names.ML_OUTPUT_SCORE: 0.75}


def schema() -> dict[str, Any]:
    """The JSON schema that the documentation shows."""
    found = re.search(r"```json schema\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def test_prints_a_line_a_prediction_and_the_figures_at_the_end() -> None:
    with piped("--limit", "2") as process:
        assert process.stdout is not None
        endpoint = grpc_endpoint(process.stdout.readline())
        with closing(Traffic(endpoint)) as traffic:
            first = traffic.predict(FEATURES, OUTPUT)
            traffic.predict({"age": 7, "carrier": "B6", "gust": 3.5}, None, error="ValueError")
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    lines = out.splitlines()
    [line] = [line for line in lines if f"id={first}" in line]
    assert "POST /predict 200 predict late-flights 3" in line
    assert "-> late 0.750 age=42 carrier=UA gust=null" in line
    assert "-> failed: ValueError" in next(line for line in lines if "carrier=B6" in line)
    figures = out.partition("\n\n")[2]
    assert "late-flights 3  2 predictions in 2 calls  1 failed (ValueError 1)" in figures
    assert re.search(r"p99 +[\d.]+ ms", figures)
    assert re.search(r"gust +50\.0%", figures)


def test_json_lines_follow_the_documented_schema() -> None:
    with piped("--output", "json", "--limit", "3") as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        with closing(Traffic(listening["grpc"])) as traffic:
            identifier = traffic.predict(FEATURES, OUTPUT)
            traffic.flush()
            traffic.predict({"age": 7}, error="ValueError")
            traffic.predict(
                {"age": float("inf"), "bad\x1b\x7f": "\x1b[2J"}, {names.ML_OUTPUT_VALUE: float("nan")}, server=False
            )
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert out.isascii()
    assert "\x1b" not in out
    assert "\x7f" not in out
    lines = [listening, *map(json.loads, out.splitlines())]
    validator = jsonschema.Draft202012Validator(schema())
    for line in lines:
        validator.validate(line)
    predictions = {line["prediction_id"]: line for line in lines if line["kind"] == "prediction"}
    assert len(predictions) == 3
    found = predictions[identifier]
    assert (found["model"], found["version"], found["operation"]) == ("late-flights", "3", "predict")
    assert (found["features"], found["nulls"]) == ({"age": 42, "carrier": "UA"}, ["gust"])
    assert found["output"] == {"label": "late", "score": 0.75}
    assert found["service"]["name"] == "flights"
    assert (found["server"]["method"], found["server"]["route"], found["server"]["status_code"]) == (
        "POST",
        "/predict",
        200,
    )
    assert found["server"]["duration_ms"] >= found["duration_ms"] > 0
    assert found["event"] is True
    assert {line["error_type"] for line in predictions.values()} == {None, "ValueError"}
    points = [line for line in lines if line["kind"] == "metric"]
    traces = {
        e["trace_id"]
        for line in points
        if line["name"] == metrics.ML_INFERENCE_DURATION.name
        for e in line["exemplars"]
    }
    assert found["trace_id"] in traces
    summary = lines[-1]
    assert summary["kind"] == "summary"
    [model] = summary["models"]
    assert model["predictions"] == 3
    assert model["nulls"]["gust"]["nulls"] == 1


def test_the_schema_refuses_what_it_should() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"kind": "prediction"})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"kind": "listening", "grpc": None, "http": None, "more": 1})


def test_other_events_are_told_and_other_telemetry_is_not() -> None:
    event = {
        "eventName": "ml.ground_truth",
        "severityText": "INFO",
        "timeUnixNano": "1700000000000000000",
        "attributes": [{"key": names.ML_PREDICTION_ID, "value": {"stringValue": "p"}}],
    }
    logs = [event, {"body": {"stringValue": "an ordinary line"}}, {"eventName": "other.event"}]
    with piped("--output", "json") as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]}
        assert (
            httpx.post(f"{listening['http']}/v1/logs", json=body, trust_env=False, timeout=PATIENCE).status_code == 200
        )
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=PATIENCE)[0].splitlines()
    jsonschema.Draft202012Validator(schema()).validate(line)
    assert (line["kind"], line["name"], line["attributes"]) == (
        "event",
        "ml.ground_truth",
        {names.ML_PREDICTION_ID: "p"},
    )
    assert [json.loads(text)["kind"] for text in rest] == ["summary"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_what_it_has(number: signal.Signals) -> None:
    with piped("--settle", "60") as process:
        assert process.stdout is not None
        endpoint = grpc_endpoint(process.stdout.readline())
        with closing(Traffic(endpoint)) as traffic:
            traffic.predict(FEATURES, OUTPUT)
            traffic.logs.force_flush(30_000)  # the event is acknowledged; its span is still to come
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
            traffic.leave()
    assert (process.returncode, err) == (0, "")
    assert "age=42" in out
    assert "1 prediction" in out


@pytest.mark.parametrize(
    ("options", "lines", "more"),
    [((), 3, 497), (("--rows", "1"), 1, 499), (("--rows", "0"), 500, 0), (("--output", "json"), 500, 0)],
)
def test_of_a_batch_the_first_rows_are_printed_and_all_are_counted(
    options: tuple[str, ...], lines: int, more: int
) -> None:
    with piped("--limit", "501", "--settle", "60", *options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        http = json.loads(line)["http"] if "json" in options else line.split(" and ")[1].split()[0]
        send_calls(http, 500, 1)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    printed = out.splitlines()
    rows = [line for line in printed if "batch-0-" in line and "age" in line]
    assert [found[0] for found in (re.findall(r"batch-0-(\d+)", row) for row in rows)] == list(map(str, range(lines)))
    assert sum("batch-1-0" in line and "age" in line for line in printed) == 1, "the next call"
    assert [line for line in printed if "more row" in line] == ([f"… {more} more rows of this call"] if more else [])
    if "json" in options:
        assert json.loads(printed[-1])["models"][0]["predictions"] == 501
    else:
        assert "m  501 predictions in 2 calls" in out


def send_calls(endpoint: str, *sizes: int) -> None:
    """Calls of so many rows, one after another in one trace: the events, then the spans that make them whole."""

    def attributes(given: dict[str, str]) -> list[dict[str, Any]]:
        return [{"key": key, "value": {"stringValue": text}} for key, text in given.items()]

    records, spans = [], []
    for call, size in enumerate(sizes):
        ids = {"traceId": "a" * 32, "spanId": f"{call + 1:016x}"}
        identity = {names.ML_MODEL_NAME: "m", names.ML_PREDICTION_ID: f"batch-{call}"}
        spans.append(
            {**ids, "name": "predict m", "startTimeUnixNano": "1000", "endTimeUnixNano": "2000"}
            | {"attributes": attributes(identity)}
        )
        for row in range(size):
            given = {**identity, names.ML_PREDICTION_ID: f"batch-{call}-{row}", "ml.feature.value.age": str(row)}
            records.append(
                {**ids, "flags": 1, "eventName": events.EVENT_ML_PREDICTION, "attributes": attributes(given)}
            )
    for path, body in {
        "logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]},
        "traces": {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]},
    }.items():
        response = httpx.post(f"{endpoint}/v1/{path}", json=body, trust_env=False, timeout=PATIENCE)
        assert response.status_code == 200


def test_a_reader_that_leaves_is_fine() -> None:
    with piped() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        endpoint = grpc_endpoint(process.stdout.readline())
        process.stdout.close()
        with closing(Traffic(endpoint)) as traffic:
            traffic.predict(FEATURES, OUTPUT)
            traffic.flush()
            assert process.wait(PATIENCE) == 0
            traffic.leave()
        assert process.stderr.read() == ""


def test_ends_after_a_duration_and_says_whether_the_limit_was_reached() -> None:
    with piped("--duration", "0.3", "--limit", "1") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (1, "")
    assert "no predictions yet" in out
    with piped("--duration", "0.3", "--summary-every", "0.1") as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.count("no predictions yet") >= 2


def test_a_taken_port_is_one_clear_line() -> None:
    with piped() as process:
        assert process.stdout is not None
        port = grpc_endpoint(process.stdout.readline()).rpartition(":")[2]
        with piped("--grpc-port", port) as second:
            out, err = second.communicate(timeout=PATIENCE)
    assert (second.returncode, out) == (1, "")
    assert err.startswith(f"Error: cannot serve OTLP over gRPC on 127.0.0.1:{port}: the port is taken")
    assert len(err.splitlines()) == 1


def test_a_reader_that_is_slow_loses_nothing() -> None:
    number = 400
    with piped("--output", "json", "--limit", str(number)) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        with closing(Traffic(listening["grpc"])) as traffic:
            for row in range(number):  # far more than a pipe holds
                traffic.predict({"row": row, "text": "x" * 200}, server=False)
            traffic.flush()
            out = process.communicate(timeout=PATIENCE)[0]
            traffic.leave()
    rows = [json.loads(line)["features"]["row"] for line in out.splitlines() if '"kind":"prediction"' in line]
    assert sorted(rows) == list(range(number))


def test_a_locale_without_unicode_does_not_end_it() -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with subprocess.Popen([*COMMAND, "--limit", "1"], stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        try:
            endpoint = grpc_endpoint(process.stdout.readline().decode())
            with closing(Traffic(endpoint)) as traffic:
                traffic.predict({"city": "東京"}, OUTPUT)
            out = process.communicate(timeout=PATIENCE)[0]
        finally:
            process.kill()
    assert process.returncode == 0
    assert b"city=\\u6771\\u4eac" in out

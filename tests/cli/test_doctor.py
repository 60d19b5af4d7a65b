"""`otel-ml doctor` as a user runs it: in a process, with a receiver and without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.otlp import OtlpSink


def doctor(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "COLUMNS"))}
    return subprocess.run(
        [sys.executable, "-m", "otel_ml.cli", "doctor"],
        env={**clean, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_all_is_well_when_the_test_prediction_arrives(otlp_sink: OtlpSink) -> None:
    done = doctor(**otlp_sink.env("grpc"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("accepted, through") == 3
    (span,) = otlp_sink.spans("predict otel-ml-doctor")
    assert str(span.attributes["ml.prediction.id"]) in done.stdout
    assert "scikit-learn" in done.stdout
    assert "OTEL_SERVICE_NAME is not set" in done.stdout
    assert "usual port" not in done.stdout


def test_it_says_which_signal_does_not_arrive() -> None:
    done = doctor(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://somebody:hunter2@127.0.0.1:9",
        OTEL_METRICS_EXPORTER="none",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
        OTEL_SERVICE_NAME="churn",
    )
    assert done.returncode == 1
    assert "Service: churn\n" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert done.stdout.count("refused or not reached") == 2
    assert "no exporter was asked: OTEL_METRICS_EXPORTER is none" in done.stdout
    assert "http://127.0.0.1:9" in done.stdout


def test_a_wrong_option_is_named_with_what_is_allowed() -> None:
    done = doctor(OTEL_ML_CAPTURE="some")
    assert done.returncode == 2
    for expected in ("OTEL_ML_CAPTURE", "some", "outputs"):
        assert expected in done.stdout


@pytest.mark.parametrize("content", [None, "no JSON"])
def test_a_baseline_that_can_not_be_used_is_a_wrong_option(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content)
    done = doctor(OTEL_ML_BASELINE=str(path))
    assert (done.returncode, done.stderr) == (2, "")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("configuration  ")]
    assert "OTEL_ML_BASELINE" in line
    assert str(path) in line


def test_an_exporter_that_nobody_knows_is_named() -> None:
    done = doctor(OTEL_TRACES_EXPORTER="carrier_pigeon")
    assert done.returncode == 2
    assert "OpenTelemetry can not be set up" in done.stdout
    assert "carrier_pigeon" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("mistake", "reason"), [("TLS", "SSL"), ("HTTP", "Transient error"), ("no scheme", "No connection adapters")]
)
def test_a_receiver_that_speaks_otherwise_than_it_is_spoken_to(mistake: str, reason: str, otlp_sink: OtlpSink) -> None:
    environment = otlp_sink.env("grpc")
    endpoint = environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
    wrong = {
        "TLS": endpoint.replace("http:", "https:"),
        "HTTP": endpoint,
        "no scheme": endpoint.removeprefix("http://"),
    }
    environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": wrong[mistake], "OTEL_EXPORTER_OTLP_TIMEOUT": "10"}
    if mistake != "TLS":
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf"
    done = doctor(**environment)
    assert done.returncode == 1
    assert reason in done.stdout
    assert "accepted" not in done.stdout
    assert "The usual port of grpc is 4317, that of http/protobuf 4318." in done.stdout
    assert "ssl_transport" not in done.stderr


def test_options_are_shown_with_where_they_come_from_and_without_the_secret(otlp_sink: OtlpSink) -> None:
    done = doctor(**otlp_sink.env("http/protobuf"), OTEL_ML_EVENTS="0.5", OTEL_ML_HASH_KEY="0123456789abcdef-secret")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "environment OTEL_ML_EVENTS" in done.stdout
    assert "0123456789abcdef" not in done.stdout


def test_switched_off_is_said() -> None:
    done = doctor(OTEL_SDK_DISABLED="true")
    assert done.returncode == 0
    assert "nothing to test" in done.stdout

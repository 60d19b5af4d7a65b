"""A value that shows only in use that it can not be used is said on standard error, and otel-ml is off: nothing else is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_ml import ConfigError
from tests.services.process import INSTRUMENTED, environment
from tests.support.wait import PATIENCE

PROGRAM = """
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.instrumentation.threading import ThreadingInstrumentor
import otel_ml

with otel_ml.inference("churn") as call:
    call.output("stays")
others = LoggingInstrumentor().is_instrumented_by_opentelemetry, ThreadingInstrumentor().is_instrumented_by_opentelemetry
print(call.id, *others)
"""


@pytest.fixture(params=[None, "no JSON", "{}"], ids=["missing", "no JSON", "no baseline"])
def unusable(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "baseline.json"
    if request.param is not None:
        path.write_text(request.param)
    return str(path)


def run(**options: str) -> subprocess.CompletedProcess[str]:
    exporters = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
    return subprocess.run(
        [*INSTRUMENTED, sys.executable, "-c", PROGRAM],
        env={**environment(**exporters, **options), "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )


def test_without_code_the_service_runs_and_says_that_otel_ml_is_off(unusable: str) -> None:
    done = run(OTEL_ML_BASELINE=unusable)
    assert (done.returncode, done.stdout) == (0, "None True True\n"), done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("otel-ml is off: ")]
    assert "OTEL_ML_BASELINE" in line
    assert unusable in line


def test_without_code_another_value_that_is_not_allowed_is_said_alike() -> None:
    done = run(OTEL_ML_MODEL_ALIAS="best")
    assert (done.returncode, done.stdout) == (0, "None True True\n"), done.stderr
    assert "otel-ml is off: OTEL_ML_MODEL_ALIAS: 'best' is not allowed: use one of champion" in done.stderr


def test_in_code_it_is_raised_with_where_it_comes_from(
    unusable: str, instrument: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"baseline \(keyword\): .*baseline.json"):
        instrument(baseline=unusable)
    monkeypatch.setenv("OTEL_ML_BASELINE", unusable)
    with pytest.raises(ConfigError, match=r"baseline \(environment OTEL_ML_BASELINE\): .*baseline.json"):
        instrument()


def test_a_baseline_that_nothing_is_compared_with_need_not_be_there(unusable: str) -> None:
    done = run(OTEL_ML_BASELINE=unusable, OTEL_ML_DRIFT="off")
    assert done.returncode == 0
    assert "otel-ml is off" not in done.stderr
    assert not done.stdout.startswith("None"), done.stderr

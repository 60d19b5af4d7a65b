"""The fixture shows a test what it emitted, only that, and fails it when that leaves the registry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_ml.semconv.metrics import ML_INFERENCE_DURATION
from tests.semconv.messages import CALL, ROW
from tests.support.livecheck import LiveCheck
from tests.support.telemetry import Telemetry, registry
from tests.support.wait import PATIENCE
from tests.tools.semconv.registry import ROOT

SCOPE = "otel_ml.fixture_test"
ROW_ATTRIBUTES: Any = {**ROW, "ml.feature.null.names": ("income",)}
CALL_ATTRIBUTES: Any = dict(CALL)


@pytest.fixture
def live_check() -> Iterator[LiveCheck]:
    """Here it is not otel-ml that emits: no name may count as emitted because of these tests."""
    check = LiveCheck(registry())
    yield check
    assert check.findings == []


def emit() -> None:
    """One prediction as otel-ml would emit it, without otel-ml."""
    meter = metrics.get_meter(SCOPE)
    histogram = meter.create_histogram(
        ML_INFERENCE_DURATION.name, "s", explicit_bucket_boundaries_advisory=ML_INFERENCE_DURATION.boundaries
    )
    with trace.get_tracer(SCOPE).start_as_current_span("predict churn") as span:
        span.set_attributes(ROW_ATTRIBUTES)
        histogram.record(0.003, CALL_ATTRIBUTES)
        meter.create_counter("ml.predictions", "{prediction}").add(2, CALL_ATTRIBUTES)
        _logs.get_logger(SCOPE).emit(
            timestamp=1,
            severity_number=SeverityNumber.INFO,
            event_name="ml.prediction",
            attributes=ROW_ATTRIBUTES,
        )


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_sees_what_it_emitted_and_nothing_of_the_one_before(telemetry: Telemetry, turn: int) -> None:
    assert telemetry.metric("ml.predictions") == []
    emit()
    (span,) = telemetry.spans("predict churn")
    (event,) = telemetry.events("ml.prediction")
    assert event.trace_id == span.context.trace_id
    (point,) = telemetry.metric("ml.predictions", {"ml.operation.name": "predict"})
    assert point.value == 2
    assert telemetry.metric("ml.predictions", {"ml.operation.name": "rank"}) == []
    (duration,) = telemetry.metric("ml.inference.duration")
    assert (duration.count, sum(duration.buckets)) == (1, 1)
    assert duration.buckets[duration.bounds.index(0.005)] == 1
    (everything,) = [p for p in telemetry.cumulative("ml.predictions") if p.attributes == CALL_ATTRIBUTES]
    assert everything.value >= 2 * turn


def test_an_exemplar_leads_to_the_span_however_often_one_asks(telemetry: Telemetry) -> None:
    emit()
    (span,) = telemetry.spans()
    for _ in range(2):
        (exemplar,) = telemetry.metric("ml.inference.duration")[0].exemplars
        assert exemplar.trace_id == span.context.trace_id


def test_clear_forgets_what_was_emitted(telemetry: Telemetry) -> None:
    emit()
    telemetry.clear()
    assert (telemetry.spans(), telemetry.events(), telemetry.metric("ml.predictions")) == ([], [], [])
    emit()
    assert [point.value for point in telemetry.metric("ml.predictions")] == [2]


def test_another_sampler_for_a_while(telemetry: Telemetry) -> None:
    with telemetry.sampled_by(ALWAYS_OFF):
        emit()
    assert telemetry.spans() == []
    emit()
    assert len(telemetry.spans()) == 1
    assert len(telemetry.events()) == 2


BAD_TESTS = """
import pytest
from opentelemetry import _logs, metrics, trace

pytest_plugins = ["tests.support.telemetry"]

def test_span(telemetry):
    trace.get_tracer("otel_ml").start_span("guess").end()

def test_forgotten(telemetry):
    trace.get_tracer("otel_ml").start_span("guess").end()
    telemetry.clear()

def test_event(telemetry):
    _logs.get_logger("otel_ml").emit(event_name="ml.surprise")

def test_metric(telemetry):
    metrics.get_meter("otel_ml").create_counter("ml.predictions", "1").add(1)

def test_after_a_bad_metric(telemetry):
    trace.get_tracer("shop").start_span("order").end()

def test_received(live_check):
    from tests.semconv.messages import span, wrap
    live_check.check(wrap(span({})))
"""


def test_a_test_that_leaves_the_registry_fails_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "test_bad.py").write_text(BAD_TESTS, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )
    output = result.stdout
    assert result.returncode == 1, output + result.stderr
    assert "6 passed, 5 errors" in output
    assert "ERROR test_bad.py::test_after_a_bad_metric" not in output
    assert "missing_attribute: span 'guess': ml.model.name is required (1x)" in output
    assert "unknown_event: event 'ml.surprise': is not in the registry (1x)" in output
    assert "unit: metric 'ml.predictions': is '1', should be '{prediction}' (1x)" in output
    assert "names of the ml.* registry that no test emitted" in output
    assert "not yet emitted, 5 of kind event: ml.prediction, ml.drift.detected, ml.drift.resolved," in output
    assert "for later, 1 of kind event: ml.ground_truth" in output

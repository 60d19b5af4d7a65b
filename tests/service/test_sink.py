"""The fixture `otlp_sink`, on which other tests rely."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.otlp import OtlpSink
from tests.support.wait import PATIENCE

PROGRAM = """
import logging
from opentelemetry import metrics, trace
with trace.get_tracer("program").start_as_current_span("work"):
    metrics.get_meter("program").create_counter("jobs").add(3)
    logging.getLogger("program").warning("done")
"""


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_receives_all_signals_of_a_program_that_is_given_its_environment(otlp_sink: OtlpSink, protocol: Any) -> None:
    instrument = Path(sys.executable).with_name("opentelemetry-instrument")
    environment = {**os.environ, **otlp_sink.env(protocol), "OTEL_SERVICE_NAME": "program"}
    subprocess.run([instrument, sys.executable, "-c", PROGRAM], env=environment, timeout=2 * PATIENCE, check=True)
    otlp_sink.wait_for(lambda sink: sink.spans("work") and sink.logs() and sink.metric_points("jobs"))
    [span] = otlp_sink.spans("work")
    assert span.source.resource["service.name"] == "program"
    assert [log.trace_id for log in otlp_sink.logs() if log.body == "done"] == [span.trace_id]
    assert [point.value for point in otlp_sink.metric_points("jobs")] == [3]


def test_waiting_ends_when_the_message_comes() -> None:
    sink = OtlpSink()
    later = threading.Timer(0.1, lambda: sink.put(ExportTraceServiceRequest()))
    later.start()
    sink.wait_for(lambda sink: sink.messages())
    assert len(sink.messages()) == 1


def test_waiting_in_vain_says_what_came() -> None:
    sink = OtlpSink()
    with pytest.raises(AssertionError, match="nothing"):
        sink.wait_for(lambda sink: sink.spans(), timeout=0.01)
    sink.put(ExportTraceServiceRequest())
    with pytest.raises(AssertionError, match="ExportTraceServiceRequest': 1"):
        sink.wait_for(lambda sink: sink.spans(), timeout=0.01)

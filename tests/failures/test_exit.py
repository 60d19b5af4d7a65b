"""A program that ends right after its predictions, in whatever way: all of them arrive."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.failures.programs import run
from tests.support.otlp import OtlpSink

COUNT = 300

PROGRAM = """
import logging, os, sys, threading
import otel_ml

otel_ml.instrument(worker=0)

@otel_ml.observe(name="exiting")
def predict(x):
    return x

for number in range({count}):
    predict(float(number))
{end}
"""

ENDS = {
    "the end of the script": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("raise RuntimeError('the last word')", 1),
    "in a thread": (
        "thread = threading.Thread(target=lambda: [predict(0.0) for _ in range(10)])\nthread.start()",
        0,
    ),
    "an exit handler that predicts": ("import atexit\natexit.register(predict, 1.0)", 0),
}
MORE = {"in a thread": 10, "an exit handler that predicts": 1}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_nothing_is_lost(end: str, protocol: str, otlp_sink: OtlpSink, tmp_path: Path) -> None:
    last, status = ENDS[end]
    run(tmp_path, PROGRAM.format(count=COUNT, end=last), otlp_sink.env(protocol), status=status)  # type: ignore[arg-type]
    expected = COUNT + MORE.get(end, 0)
    assert len(otlp_sink.spans("predict exiting")) == expected
    assert len(otlp_sink.events("ml.prediction")) == expected
    assert sum(point.count or 0 for point in otlp_sink.metric_points("ml.inference.duration")) == expected
    assert sum(point.value or 0 for point in otlp_sink.metric_points("ml.predictions")) == expected


def test_an_exit_is_not_held_up_by_a_receiver_that_is_absent(tmp_path: Path) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    end = "import time\nprint(time.monotonic())"  # the clock of the whole machine
    ended = float(run(tmp_path, PROGRAM.format(count=COUNT, end=end), env))
    assert time.monotonic() - ended < 30

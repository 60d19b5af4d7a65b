"""Processes that fork, or are started by a pool: children work, start at zero and never wait for a lock of their parent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.failures.programs import NO_EXPORTERS, run
from tests.support.livecheck import LiveCheck
from tests.support.otlp import OtlpSink

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODEL = """
import os, signal, sys, threading, time, warnings
import otel_ml
from otel_ml import guard

warnings.simplefilter("ignore", DeprecationWarning)

@otel_ml.observe(name="forked")
def predict(number):
    return number * 2.0

def work(number):
    with otel_ml.inference("pooled") as call:
        call.input({"number": number})
        call.output(predict.__wrapped__(number))
    return number, predict.__wrapped__(number), call.id is not None
"""


def test_children_forked_under_load_do_not_hang(live_check: LiveCheck, tmp_path: Path) -> None:
    """The aggregator, a reader and other callers hold whatever they hold at the moment of each fork."""
    program = (
        MODEL
        + """
from opentelemetry import metrics, _logs, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, InMemoryLogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

reader = InMemoryMetricReader()
exporter = InMemoryLogRecordExporter()
metrics.set_meter_provider(MeterProvider(metric_readers=[reader], shutdown_on_exit=False))
trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
loggers = LoggerProvider(shutdown_on_exit=False)
loggers.add_log_record_processor(BatchLogRecordProcessor(exporter))
_logs.set_logger_provider(loggers)
otel_ml.instrument()

predict = otel_ml.observe(name="forked")(lambda number: number * 2.0 if not isinstance(number, dict) else 0.0)

stop = threading.Event()
def load():
    number = 0
    while not stop.is_set():
        number += 1
        predict({f"f{number % 50}": number})
def collect():
    while not stop.is_set():
        reader.collect()
        time.sleep(0.01)
threads = [threading.Thread(target=load, daemon=True) for _ in range(3)] + [threading.Thread(target=collect, daemon=True)]
for thread in threads:
    thread.start()

def in_child():
    from otel_ml import runtime
    for number in range(5):
        assert predict(number) == number * 2.0
    assert runtime.current.aggregator.drain(30), "could not drain"
    runtime.current.settle()
    rows = sum(total.values for model in runtime.current.models() for total in model.counts.features.values())
    assert rows == 5, rows
    assert not guard.counts(), guard.counts()

failed = 0
for _ in range(40):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that hangs
        try:
            in_child()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    failed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
stop.set()
for thread in threads:
    thread.join()
print("failed", failed)
otel_ml.flush(30)
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
first = exporter.get_finished_logs()[:1000]  # of very many, all alike
open("logs", "wb").write(encode_logs(first).SerializeToString())
open("metrics", "wb").write(encode_metrics(reader.get_metrics_data()).SerializeToString())
os._exit(0)
"""
    )
    assert run(tmp_path, program) == "failed 0\n"
    live_check.check_bytes("logs", (tmp_path / "logs").read_bytes())
    live_check.check_bytes("metrics", (tmp_path / "metrics").read_bytes())
    assert {("event", "ml.prediction"), ("metric", "ml.predictions")} <= live_check.emitted


POOLS = {
    "fork": "import multiprocessing\npool = multiprocessing.get_context('fork').Pool(2)\nrun = pool.map\n",
    "spawn": "import multiprocessing\npool = multiprocessing.get_context('spawn').Pool(2)\nrun = pool.map\n",
    "forkserver": "import multiprocessing\npool = multiprocessing.get_context('forkserver').Pool(2)\nrun = pool.map\n",
    "futures": "import concurrent.futures\npool = concurrent.futures.ProcessPoolExecutor(2)\nrun = pool.map\n",
    "loky": (
        "import joblib\n"
        "run = lambda work, items: joblib.Parallel(n_jobs=2, backend='loky')(joblib.delayed(work)(i) for i in items)\n"
    ),
}


@pytest.mark.parametrize("pool", POOLS)
def test_pools_work_as_before(pool: str, tmp_path: Path) -> None:
    """Children that are forked record; those that start afresh do unless they were told nothing."""
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    program = f"""
from model import *

if __name__ == "__main__":
    otel_ml.instrument()
    for number in range(20):
        predict(number)
{_indented(POOLS[pool])}
    found = sorted(run(work, range(40)))
    assert [(number, answer) for number, answer, _ in found] == [(n, n * 2.0) for n in range(40)], found
    assert not guard.counts(), guard.counts()
    print(sum(recorded for _, _, recorded in found))
    sys.stdout.flush()
"""
    recorded = int(run(tmp_path, program))
    assert recorded == (40 if pool in FORKED else 0)


FORKED = {"fork", "futures"} if sys.version_info < (3, 14) else {"fork"}


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def test_what_a_forked_child_predicts_arrives_once_and_apart_from_its_parent(
    otlp_sink: OtlpSink, tmp_path: Path
) -> None:
    program = (
        MODEL
        + """
otel_ml.instrument()
for number in range(30):
    predict(number)
child = os.fork()
for number in range(10 if child == 0 else 20):
    predict(number)
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    )
    run(tmp_path, program, otlp_sink.env())
    ids = [event.attributes["ml.prediction.id"] for event in otlp_sink.events("ml.prediction")]
    assert (len(ids), len(set(ids))) == (60, 60)
    spans = [(span.trace_id, span.span_id) for span in otlp_sink.spans("predict forked")]
    assert (len(spans), len(set(spans))) == (60, 60)
    counted = sorted(point.value or 0 for point in otlp_sink.metric_points("ml.predictions"))
    assert counted == [10, 50]


def test_a_forked_child_says_its_own_violations_and_none_of_its_parent(tmp_path: Path) -> None:
    program = (
        MODEL
        + """
import logging
from opentelemetry import _logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from tests.monitoring import examples

class Model: ...
class Told(logging.Handler):
    def emit(self, record):
        undated.append(record.args[0])
undated = []
logging.getLogger("otel_ml.signals.undated").addHandler(Told())
exporter = InMemoryLogRecordExporter()
loggers = LoggerProvider(shutdown_on_exit=False)
loggers.add_log_record_processor(SimpleLogRecordProcessor(exporter))
_logs.set_logger_provider(loggers)
otel_ml.instrument(drift_directory="drift", event_time="header:when")
model = Model()
otel_ml.register_model(model, "churn", baseline=examples.baseline())

def send(rows):
    for _ in range(rows):
        with otel_ml.inference("churn") as call:
            call.input({"age": "old", "plan": "basic", "email": "a"})
    otel_ml.flush()
    found = [one.log_record for one in exporter.get_finished_logs()]
    exporter.clear()
    said = [one.attributes["ml.violation.count"] for one in found if one.event_name == "ml.feature.violation"]
    print(said, undated, flush=True)
    undated.clear()

send(1)
send(5)
child = os.fork()
if child == 0:
    send(1)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert (
        run(tmp_path, program, {**NO_EXPORTERS, "PYTHONPATH": str(Path(__file__).parents[2])})
        == "[1] [1]\n[] []\n[1] [1]\n"
    )

"""The queue behind the caller: nothing is lost that can be kept, and what is lost is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
    LogRecordExporter,
    LogRecordExportResult,
)

import otel_ml
from otel_ml.signals import worker
from tests.support.telemetry import Telemetry
from tests.support.wait import PATIENCE, eventually

Instrument = Callable[..., None]
STUCK_SECONDS = 240.0
"""More than all that is waited for meanwhile: whoever waits for the exporter is found by that."""


def predict(number: int = 0) -> None:
    with otel_ml.inference("churn") as call:
        call.input({"number": number})


def predict_many(count: int) -> None:
    for number in range(count):
        predict(number)


class Stuck(LogRecordExporter):
    """An exporter whose receiver has stopped answering, until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = threading.Event()

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self.asked.set()
        self.let_go.wait(STUCK_SECONDS)
        return LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        self.let_go.set()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@pytest.fixture
def batching() -> Iterator[tuple[LoggerProvider, InMemoryLogRecordExporter]]:
    """A log provider as services have it: a batch processor with a queue of 2,048."""
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's has no annotations
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    yield provider, exporter
    provider.shutdown()


def test_a_burst_is_paced_so_that_the_sdk_drops_none_of_it(
    telemetry: Telemetry, instrument: Instrument, batching: tuple[LoggerProvider, InMemoryLogRecordExporter]
) -> None:
    provider, exporter = batching
    instrument(logger_provider=provider)
    for number in range(10_000):
        predict(number)
    assert otel_ml.flush(2 * PATIENCE)
    found = [record.log_record.attributes for record in exporter.get_finished_logs() if record.log_record.event_name]
    numbers = {found["ml.feature.value.number"] for found in found if found and "ml.feature.value.number" in found}
    assert numbers == set(range(10_000))
    assert telemetry.metric("ml.telemetry.dropped") == []


def test_a_provider_that_is_shut_down_first_still_gets_what_is_queued(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # as above
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    instrument(logger_provider=provider)
    for number in range(50):
        predict(number)
    provider.shutdown()
    names = [record.log_record.event_name for record in exporter.get_finished_logs()]
    assert names.count("ml.prediction") == 50


def test_a_collection_counts_what_is_still_queued(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    for number in range(50):
        predict(number)
    # without a flush of ours: what a reader does on its own
    points = telemetry._new("ml.feature.observations")
    assert sum(point.value for _, point in points) == 50


def test_a_stuck_exporter_neither_blocks_callers_nor_grows_memory(telemetry: Telemetry, instrument: Instrument) -> None:
    stuck = Stuck()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(stuck))
    instrument(logger_provider=provider, queue_rows=200)
    try:
        for number in range(5_000):
            predict(number)
        eventually(stuck.asked.is_set)
        for number in range(5_000):
            predict(number)
        dropped = eventually(lambda: _dropped(telemetry))
        assert dropped
    finally:
        stuck.let_go.set()
    assert otel_ml.flush(PATIENCE)
    rows = sum(point.value for _, point in telemetry._new("ml.feature.observations"))
    lost = sum(count for (signal, _), count in _dropped(telemetry).items() if signal == "metric")
    assert rows + lost == 10_000


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LoggerProvider, Stuck]]:
    """A log provider with a small queue that leads to a stuck exporter."""
    monkeypatch.setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "64")
    monkeypatch.setenv("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "32")
    exporter = Stuck()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    yield provider, exporter
    exporter.let_go.set()
    provider.shutdown()


def test_spans_and_counts_do_not_wait_for_events_that_cannot_leave(
    telemetry: Telemetry, instrument: Instrument, stuck: tuple[LoggerProvider, Stuck]
) -> None:
    provider, exporter = stuck
    instrument(logger_provider=provider, queue_rows=300)
    for goal in range(100, 1_100, 100):  # far more than the queue holds, never more at once
        for number in range(100):
            predict(number)
        _wait_for_spans(telemetry, goal)
    eventually(exporter.asked.is_set)
    dropped = _dropped(telemetry)
    assert set(dropped) == {("event", "event_queue")}
    exporter.let_go.set()
    assert sum(point.value for point in telemetry.metric("ml.feature.observations")) == 1_000


def test_events_that_cannot_leave_hold_no_more_bytes_than_allowed(
    telemetry: Telemetry, instrument: Instrument, stuck: tuple[LoggerProvider, Stuck]
) -> None:
    provider, exporter = stuck
    batch = np.zeros((1_000, 50))
    instrument(logger_provider=provider, queue_bytes=4 * batch.nbytes)
    for number in range(200):
        predict(number)
    eventually(exporter.asked.is_set)
    for goal in range(201, 221):
        with otel_ml.inference("churn") as call:
            call.input(batch)
        _wait_for_spans(telemetry, goal)
    assert _dropped(telemetry)["event", "event_queue"] >= 16 * 100  # of a batch, a hundred rows become events


def _wait_for_spans(telemetry: Telemetry, count: int) -> None:
    """Wait until so many have ended by themselves; `telemetry.spans` would flush, and so wait for the events."""
    eventually(lambda: len(telemetry._backend.spans.get_finished_spans()) == count)


def _dropped(telemetry: Telemetry) -> dict[tuple[Any, Any], int]:
    return {
        (point.attributes["ml.drop.signal"], point.attributes["ml.drop.reason"]): int(point.value)
        for _, point in telemetry._new("ml.telemetry.dropped")
    }


def test_many_threads_are_counted_exactly(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    threads = [threading.Thread(target=predict_many, args=(500,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (duration,) = telemetry.metric("ml.inference.duration")
    assert duration.count == 4_000
    assert sum(point.value for point in telemetry.metric("ml.feature.observations")) == 4_000
    assert sum(point.value for point in telemetry.metric("ml.inference.active")) == 0
    ids = {(event.attributes or {})["ml.prediction.id"] for event in telemetry.events("ml.prediction")}
    assert len(ids) == 4_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_starts_at_zero_with_a_thread_of_its_own(telemetry: Telemetry, instrument: Instrument) -> None:
    from otel_ml import runtime

    instrument()
    for number in range(20):
        predict(number)
    otel_ml.flush()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            predict()
            assert runtime.current is not None
            runtime.current.settle()
            (model,) = runtime.current.models()
            rows = sum(total.values for total in model.counts.features.values())
            os.write(write, f"{rows} {runtime.current.worker}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    counted, worker = os.read(read, 100).decode().split()
    assert counted == "1"
    assert worker.isdigit()


def test_bulk_batches_are_counted_whole_though_they_come_faster_than_the_queue_is_long(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    rows = np.zeros((10_000, 4))
    rows[::10, 2] = np.nan
    for _ in range(20):
        with otel_ml.inference("bulk") as call:
            call.input(rows)
            call.output(rows[:, 0])
    nulls = telemetry.metric("ml.feature.observations", {"ml.feature.name": "f2", "ml.feature.bin": "null"})
    assert [point.value for point in nulls] == [20_000]
    assert sum(point.value for point in telemetry.metric("ml.predictions")) == 200_000
    dropped = telemetry.metric("ml.telemetry.dropped", {"ml.drop.signal": "event"})
    events = len(telemetry.events("ml.prediction"))
    assert events + sum(point.value for point in dropped) == 20 * 100


def test_a_flush_ends_in_time_in_the_middle_of_a_batch(telemetry: Telemetry, instrument: Instrument) -> None:
    stuck = Stuck()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(stuck))
    instrument(logger_provider=provider, max_events_per_call=5_000)
    try:
        with otel_ml.inference("bulk") as call:
            call.input([{"x": 1.0}] * 5_000)
        began = time.monotonic()
        assert not otel_ml.flush(1.0)
        assert time.monotonic() - began < STUCK_SECONDS / 2
    finally:
        stuck.let_go.set()
    assert otel_ml.flush(PATIENCE)


def test_a_child_has_series_for_its_own_features(telemetry: Telemetry, instrument: Instrument) -> None:
    from otel_ml import runtime

    instrument(metric_features=5)
    row = {f"x{number}": 1.0 for number in range(5)}
    with otel_ml.inference("churn") as call:
        call.input(row)
    assert len(telemetry.metric("ml.feature.null.ratio")) == 5
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with otel_ml.inference("churn") as call:
                call.input(row)
            assert runtime.current is not None
            runtime.current.settle()
            (model,) = runtime.current.models()
            os.write(write, ",".join(sorted(model.counts.features)).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100).decode() == "x0,x1,x2,x3,x4"


def test_an_ordinal_is_claimed_through_no_link_and_empties_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    assert worker.ordinal(None, os.getpid()) == 0
    worker.release()
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for lock in folder.iterdir():
        lock.unlink()
        lock.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        worker.ordinal(None, os.getpid())
    folder.chmod(0o777)
    assert worker.ordinal(None, os.getpid()) == os.getpid()
    assert victim.read_text() == "precious"


def test_only_further_processes_with_an_id_set_in_code_have_an_ordinal(tmp_path: Path) -> None:
    assert worker.ordinal("set-in-code", os.getpid()) is None
    other = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from otel_ml.signals import worker; print(worker.ordinal('set-in-code', os.getpid()))",
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    worker.release()
    assert other.stdout.strip() == "1", other.stderr

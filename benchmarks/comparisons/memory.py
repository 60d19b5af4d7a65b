"""What a row holds while it waits: in our queue, and in the SDK's queues that everyone has."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from benchmarks.contenders import Bare, ByHand, Contender, OtelMl, Predict
from benchmarks.models import Tiny, feature_names, matrix
from benchmarks.report import Cell, Report, Table
from otel_ml.signals import aggregator


def run(quick: bool) -> Report:
    """Measure the bytes that calls leave behind until somebody flushes."""
    rows: list[tuple[Cell, ...]] = []
    for size, count in ((1, 20), (100, 2)) if quick else ((1, 400), (100, 20), (10_000, 2)):
        model, data = Tiny(size), matrix(size)
        bare = _held(Bare(), model, data, count)
        with _no_hurry():
            held = [_held(contender, model, data, count) for contender in (ByHand(), OtelMl(), _unsampled())]
        rows.append((f"{size:,}", *(max(0.0, one - bare) / count / size for one in held), float(data.nbytes / size)))
    columns = (
        "rows a call",
        "by hand: span and events in the SDK's queues, bytes a row",
        "otel-ml: span and our queue, bytes a row",
        "otel-ml: our queue alone, bytes a row",
        "the numbers themselves, bytes a row",
    )
    note = (
        "30 features. By hand a batch leaves at most 100 events, so that its figure falls with the size; otel-ml holds every "
        "row until it is counted, at most 32,768 rows and 64 MiB (OTEL_ML_QUEUE_ROWS, OTEL_ML_QUEUE_BYTES)."
    )
    report = Report("memory", "Memory while a row waits")
    report.tables.append(Table("Bytes a queued row", columns, rows, note))
    return report


class _no_hurry:
    """Keep the aggregator from taking rows out of the queue, which it does after a fifth of a second."""

    def __enter__(self) -> None:
        self._linger, aggregator.LINGER = aggregator.LINGER, 3_600.0

    def __exit__(self, *_: object) -> None:
        aggregator.LINGER = self._linger


def _unsampled() -> OtelMl:
    """otel-ml where no span is sampled, so that none is kept."""
    contender = OtelMl()
    contender.sdk.tracer_provider.sampler = ALWAYS_OFF
    return contender


def _held(contender: Contender, model: Any, data: Any, count: int) -> float:
    """Bytes that are still held after `count` calls."""
    predict = contender.switch_on(model, feature_names())
    try:
        for _ in range(min(count, 10)):
            predict(data)
        contender.flush()
        return _traced(predict, data, count)
    finally:
        contender.switch_off()


def _traced(predict: Predict, data: Any, count: int) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(count):
            predict(data)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

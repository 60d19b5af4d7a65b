"""Input that is no input, too much of it, or named by somebody hostile: the prediction stands, and memory stays bounded."""

from __future__ import annotations

import gc
import math
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pydantic
import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from sklearn.base import BaseEstimator, RegressorMixin

import otel_ml
from otel_ml import guard, runtime
from tests.failures.hostile import NONSENSE, QUICK_SECONDS, Raising, Slow
from tests.support.telemetry import Telemetry
from tests.support.wait import eventually

Production = Callable[..., None]
MEGABYTE = 1_000_000


class FirstColumn(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Answers the first column, or whatever else it is given."""

    def predict(self, X: Any) -> Any:
        return X[:, 0] if isinstance(X, np.ndarray) and X.ndim == 2 else X


def through_estimator(data: Any) -> Any:
    return FirstColumn().predict(data)


@otel_ml.observe(name="identity")
def through_decorator(data: Any) -> Any:
    return data


def through_block(data: Any) -> Any:
    with otel_ml.inference("identity") as call:
        call.input(data)
    return data


WAYS = [through_estimator, through_decorator, through_block]


@pytest.mark.parametrize("make", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("way", WAYS)
def test_any_input_reaches_the_model_untouched(
    way: Callable[[Any], Any], make: Callable[[], Any], telemetry: Telemetry, production: Production
) -> None:
    production()
    data = make()
    started = time.monotonic()
    assert way(data) is data
    assert len(telemetry.spans()) == 1
    assert time.monotonic() - started < QUICK_SECONDS
    assert guard.counts() == {}


class Strict(pydantic.BaseModel):
    x: float
    inner: Any = None

    @property
    def expensive(self) -> float:
        raise BaseException("code of the caller's was run")


@dataclass
class Record:
    x: float
    inner: Any

    def __getattribute__(self, name: str) -> Any:
        if name == "inner":
            raise BaseException("code of the caller's was run")
        return super().__getattribute__(name)


class Frame(pd.DataFrame):
    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ValueError("code of the caller's was run")

    __getitem__ = items = __iter__ = _refuse


@pytest.mark.parametrize(
    "make",
    [
        lambda: Strict(x=1.0, inner=Raising()),
        lambda: Strict(x=1.0, inner=Slow()),
        lambda: Record(1.0, Raising()),
        lambda: pd.DataFrame({"x": [1.0], "odd": pd.Series([Slow()], dtype=object)}),
        lambda: {"x": 1.0, "when": pd.NaT, "inner": [Slow(), {"deep": Raising()}]},
    ],
    ids=["pydantic, raising", "pydantic, slow", "dataclass", "pandas", "dict"],
)
def test_what_stands_beside_something_odd_is_recorded(
    make: Callable[[], Any], telemetry: Telemetry, production: Production
) -> None:
    production()
    data = make()
    started = time.monotonic()
    assert through_decorator(data) is data
    (span,) = telemetry.spans("predict identity")
    assert time.monotonic() - started < QUICK_SECONDS
    assert (span.attributes or {})["ml.feature.value.x"] == 1.0
    assert guard.counts() == {}


def test_a_frame_of_a_hostile_class_costs_at_most_its_telemetry(telemetry: Telemetry, production: Production) -> None:
    production()
    data = Frame({"x": [1.0]})
    assert through_decorator(data) is data
    assert len(telemetry.spans("predict identity")) == 1


ODD_NAMES: list[Any] = [
    "", " ", ".", "a.b", "a_b", "a\nb", "a\x00b", "\ud800", "é" * 300, "x" * 10_000, "ml.model.name", "ml.feature.count",
    "(other)", "{}", "%s", "🤖", 1, 1.5, None, (1, 2), ("a", ("b",)), b"bytes", float("nan"), frozenset({1}),
]  # fmt: skip


def test_odd_names_are_told_apart_and_never_replace_what_is_ours(telemetry: Telemetry, production: Production) -> None:
    production(max_features=1_000)
    row: dict[Any, float] = {name: float(position) for position, name in enumerate(ODD_NAMES)}
    assert through_decorator(row) is row
    (span,) = telemetry.spans("predict identity")
    found = span.attributes or {}
    values: list[Any] = [value for name, value in found.items() if name.startswith("ml.feature.value.")]
    assert sorted(map(float, values)) == list(row.values())
    assert found["ml.model.name"] == "identity"
    assert found["ml.feature.count"] == len(row)
    assert max(map(len, found)) < 300
    assert guard.counts() == {}


def test_ever_new_names_neither_fill_memory_nor_make_ever_new_series(
    telemetry: Telemetry, production: Production
) -> None:
    """Nobody collects metrics meanwhile, as nobody does for a minute in a service."""
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's has no annotations
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    production(logger_provider=provider)
    process = psutil.Process()

    def attack(rounds: range) -> None:
        for number in rounds:
            through_decorator({f"{number}-{index}": float(index) for index in range(10_000)})
            if number % 20 == 19:
                eventually(lambda: len(exporter.get_finished_logs()) > number, 60, interval=0.02)  # noqa: B023

    attack(range(60))
    gc.collect()
    before = process.memory_info().rss
    attack(range(60, 140))
    gc.collect()
    grown = process.memory_info().rss - before
    assert grown < 50 * MEGABYTE, f"{grown / MEGABYTE:.0f} MB more after 80 calls"
    assert len(telemetry.metric("ml.feature.observations")) <= 2 * 501
    assert sum(point.value for point in telemetry.metric("ml.feature.observations")) == 140 * 10_000
    assert guard.counts() == {}


def test_a_flood_of_ever_new_names_is_dropped_before_it_fills_memory(
    telemetry: Telemetry, production: Production
) -> None:
    production(queue_bytes=10 * MEGABYTE, events="off")
    process = psutil.Process()
    before = process.memory_info().rss
    for number in range(150):
        through_block({f"{number}/{index}": float(index) for index in range(10_000)})
    grown = process.memory_info().rss - before
    assert grown < 150 * MEGABYTE, f"{grown / MEGABYTE:.0f} MB more after 150 calls"
    assert otel_ml.flush(60)
    rows = sum(point.value for point in telemetry.metric("ml.feature.observations")) / 10_000
    assert rows + sum(point.value for point in telemetry.metric("ml.telemetry.dropped")) == 150
    assert guard.counts() == {}


def test_ever_new_models_do_not_make_ever_new_series(telemetry: Telemetry, production: Production) -> None:
    production(events="off")
    for number in range(1_000):
        with otel_ml.inference(f"model-{number}") as call:
            call.input({"x": 1.0})
    points = telemetry.metric("ml.inference.duration")
    assert sum(point.count or 0 for point in points) == 1_000
    assert len(points) <= 201


def test_ten_million_rows_are_counted_exactly_in_bounded_memory(telemetry: Telemetry, production: Production) -> None:
    size = 10_000_000
    rows = np.ones((size, 3))
    rows[::7, 1] = math.nan
    rows[::11, 2] = math.inf
    production()
    model = FirstColumn()
    model.predict(rows[:10])
    telemetry.clear()

    tracemalloc.start()
    started = time.thread_time()
    answer = model.predict(rows)
    called = time.thread_time() - started
    assert otel_ml.flush(60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert answer.base is rows
    assert called < 5
    assert peak < 200 * MEGABYTE, f"{peak / MEGABYTE:.0f} MB for {rows.nbytes / MEGABYTE:.0f} MB of input"
    (span,) = telemetry.spans()
    assert (span.attributes or {})["ml.batch.size"] == size
    counted = {
        (point.attributes["ml.feature.name"], point.attributes["ml.feature.bin"]): point.value
        for point in telemetry.metric("ml.feature.observations")
    }
    nulls = -(-size // 7)
    assert counted["f1", "null"] == nulls
    assert counted["f1", "value"] == size - nulls
    assert (counted["f0", "value"], counted["f2", "value"]) == (size, size)
    (violation,) = telemetry.metric("ml.feature.violations")
    assert violation.value == -(-size // 11)
    assert sum(point.value for point in telemetry.metric("ml.predictions")) == size
    assert len(telemetry.events("ml.prediction")) == 100
    assert guard.counts() == {}


def test_millions_of_probabilities_do_not_hold_the_interpreter(telemetry: Telemetry, production: Production) -> None:
    """Other threads must run while ours counts what a huge batch gave."""
    production()
    scores = np.full((2_000_000, 2), 0.5)
    assert runtime.current is not None
    aggregator = runtime.current.aggregator
    worst: list[float] = []
    # By the processor's time of this process: that of others is none of it. What holds the interpreter does so each time.
    while len(worst) < 3 and not (worst and min(worst) < 0.3):
        with otel_ml.inference("huge", operation="predict_proba", classes=("a", "b")) as call:
            call.output(scores)
        pauses, last = [0.0], time.process_time()
        while aggregator._queue or aggregator._work.locked():
            time.sleep(0.001)
            now = time.process_time()
            pauses.append(now - last)
            last = now
        worst.append(max(pauses))
    assert min(worst) < 0.3, f"stood still for {worst} s"
    assert otel_ml.flush(60)
    assert sum(point.value for point in telemetry.metric("ml.predictions")) == len(worst) * 2_000_000

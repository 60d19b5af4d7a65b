"""A clock that goes back, signals in the midst of a prediction, and switching on and off under load."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from opentelemetry import context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

import otel_ml
from otel_ml import guard, runtime
from otel_ml.context import REQUEST_KEY, is_active
from otel_ml.request import Request
from tests.support.telemetry import Telemetry
from tests.support.wait import eventually

Production = Callable[..., None]
HOUR = 3_600 * 10**9


@otel_ml.observe(name="double")
def double(x: float) -> float:
    return 2 * x


def test_a_clock_that_goes_back_by_an_hour(
    telemetry: Telemetry, production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    production()
    real, calls = time.time_ns, itertools.count()
    monkeypatch.setattr(time, "time_ns", lambda: real() - (HOUR if next(calls) % 3 else 0))
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9)
    for number in range(100):
        assert double(float(number)) == 2 * number
    spans, events = telemetry.spans("predict double"), telemetry.events("ml.prediction")
    assert (len(spans), len(events)) == (100, 100)
    assert all(span.start_time <= span.end_time < span.start_time + HOUR // 2 for span in spans)  # type: ignore[operator]
    assert len({(span.attributes or {})["ml.prediction.id"] for span in spans}) == 100
    (duration,) = telemetry.metric("ml.inference.duration")
    assert duration.count == 100
    assert 0 <= duration.value < HOUR / 2 / 10**9
    assert guard.counts() == {}


class Interrupting(SpanProcessor):
    """Sends this process a signal while a span of another prediction starts."""

    def __init__(self) -> None:
        self._busy = False

    def stop(self) -> None:
        """Interrupt no more."""
        self._busy = True

    def on_start(self, span: object, parent_context: object = None) -> None:
        self._interrupt()

    def _interrupt(self) -> None:
        if not self._busy:  # the handler's own spans come here, too
            self._busy = True
            signal.raise_signal(signal.SIGUSR1)
            self._busy = False


def test_a_signal_handler_that_predicts_and_flushes(telemetry: Telemetry, production: Production) -> None:
    """At chosen steps: at any step whatever, CPython's own context variables do not survive a handler that sets them."""
    provider = TracerProvider()
    interrupting = Interrupting()
    provider.add_span_processor(interrupting)
    production(tracer_provider=provider)
    handled = itertools.count()

    def handler(*_: Any) -> None:
        assert double(float(next(handled))) >= 0
        otel_ml.current_prediction_id()
        otel_ml.flush(0.1)

    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        for number in range(50):
            with otel_ml.inference("interrupted") as call:
                call.input({f"x{number % 500}": float(number)})
                signal.raise_signal(signal.SIGUSR1)
            assert call.id is not None
        otel_ml.flush(5)
    finally:
        interrupting.stop()
        signal.signal(signal.SIGUSR1, previous)
    assert next(handled) >= 100
    assert guard.counts() == {}


def test_threads_that_share_a_request_do_not_disturb_each_other(telemetry: Telemetry, production: Production) -> None:
    production(events="off")
    token = context.attach(context.set_value(REQUEST_KEY, Request([])))
    try:
        shared = context.get_current()
    finally:
        context.detach(token)

    def load(base: int) -> None:
        context.attach(shared)
        for number in range(2_000):
            double(float(base + number))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=load, args=(10_000 * index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(200)
    finally:
        sys.setswitchinterval(interval)
    assert otel_ml.flush(60)
    (duration,) = telemetry.metric("ml.inference.duration")
    assert duration.count == 16_000
    assert guard.counts() == {}


def test_switching_on_and_off_under_load(telemetry: Telemetry, production: Production) -> None:
    failed: list[BaseException] = []
    stop = threading.Event()
    made = itertools.count()

    def load() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                assert double(float(number)) == 2 * number
                with otel_ml.inference("block") as call:
                    call.input({"x": number})
                    call.output(number)
                assert not is_active()
                next(made)
                time.sleep(0.002)
            except BaseException as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=load) for _ in range(16)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        production()
        goal = next(made) + 3 * len(threads)  # some of them have begun before
        eventually(lambda: failed or next(made) >= goal, interval=0.05)  # noqa: B023
        otel_ml.uninstrument()
    production()
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not failed, failed[0]
    assert guard.counts() == {}
    ids = [(span.attributes or {})["ml.prediction.id"] for span in telemetry.spans()]
    events = [(event.attributes or {})["ml.prediction.id"] for event in telemetry.events("ml.prediction")]
    assert len(ids) == len(set(ids)) > 100
    assert len(events) == len(set(events))


def test_memory_stays_flat_over_two_hundred_thousand_predictions(telemetry: Telemetry, production: Production) -> None:
    providers: dict[str, Any] = {
        "tracer_provider": TracerProvider(),
        "meter_provider": MeterProvider(),
        "logger_provider": LoggerProvider(),
    }
    production(**providers, queue_rows=2_000)
    process = psutil.Process()

    def predict(count: int) -> None:
        for number in range(count):
            double({"a": 1.0, "b": "text", "c": None, "d": float(number)})  # type: ignore[arg-type]

    @otel_ml.observe(name="double")
    def double(x: Any) -> float:
        return 0.5

    predict(50_000)
    otel_ml.flush(30)
    before = process.memory_info().rss
    predict(150_000)
    otel_ml.flush(30)
    grown = (process.memory_info().rss - before) / 1e6
    assert grown < 15, f"{grown:.0f} MB more after 150,000 predictions"
    assert guard.counts() == {}


def test_a_full_queue_drops_counts_and_says_so_once(
    telemetry: Telemetry, production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    production(queue_rows=10)
    assert runtime.current is not None
    with runtime.current.aggregator._work:  # as if something took very long
        for number in range(500):
            assert double(float(number)) == 2 * number
    assert otel_ml.flush()
    dropped = sum(point.value for point in telemetry.metric("ml.telemetry.dropped", {"ml.drop.reason": "queue_full"}))
    counted = sum(point.count or 0 for point in telemetry.metric("ml.inference.duration"))
    assert (dropped, counted) == (490, 10)
    assert len(telemetry.spans("predict double")) == 500
    assert len([record for record in caplog.records if "dropped" in record.getMessage()]) == 1

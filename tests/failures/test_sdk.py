"""An SDK that fails: its processors, providers and instruments raise, its exporter hangs or has nobody to talk to."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, NoOpTracerProvider, SpanContext

import otel_ml
from otel_ml import guard
from otel_ml.context import is_active
from tests.support.telemetry import Telemetry
from tests.support.wait import eventually

Production = Callable[..., None]


@otel_ml.observe(name="double")
def double(x: float) -> float:
    return 2 * x


class Broken(Exception):
    pass


class Failing:
    """Raises from the methods it is told to."""

    def __init__(self, *methods: str, error: type[BaseException] = Broken) -> None:
        for method in methods:
            setattr(self, method, self._fail)
        self.error = error

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise self.error("the SDK's own")


class FailingSpans(Failing, SpanProcessor): ...


class FailingLogs(Failing, LogRecordProcessor):
    def on_emit(self, log_record: Any) -> None: ...

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def predict(count: int) -> None:
    for number in range(count):
        assert double(float(number)) == 2 * number
        assert not is_active()


def counted(telemetry: Telemetry) -> dict[Any, float]:
    return {point.attributes["ml.error.site"]: point.value for point in telemetry.metric("ml.telemetry.errors")}


@pytest.mark.parametrize("method", ["on_start", "on_end"])
def test_a_span_processor_that_raises(
    method: str, telemetry: Telemetry, production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(FailingSpans(method))
    production(tracer_provider=provider)
    predict(50)
    assert otel_ml.flush()
    assert sum(counted(telemetry).values()) == 50
    assert len([record for record in caplog.records if record.name == "otel_ml.guard"]) == 1
    if method == "on_end":  # the rest is there: nothing but the span was lost
        assert len(telemetry.events("ml.prediction")) == 50
        assert [point.count for point in telemetry.metric("ml.inference.duration")] == [50]
    assert [point.value for point in telemetry.metric("ml.inference.active")] in ([], [0])


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_processor_that_ends_our_thread_ends_no_telemetry(
    error: type[BaseException], telemetry: Telemetry, production: Production
) -> None:
    provider = TracerProvider()
    failing = FailingSpans("on_end", error=error)
    provider.add_span_processor(failing)
    production(tracer_provider=provider)
    predict(5)
    eventually(guard.counts, interval=0.05)
    del failing.on_end
    predict(5)
    assert otel_ml.flush()
    assert len(telemetry.events("ml.prediction")) == 10
    assert [point.count for point in telemetry.metric("ml.inference.duration")] == [10]


def test_a_log_processor_that_raises(
    telemetry: Telemetry, production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    provider = LoggerProvider()
    provider.add_log_record_processor(FailingLogs("on_emit"))
    production(logger_provider=provider)
    predict(50)
    assert otel_ml.flush()
    assert counted(telemetry)["outbox.emit"] == 50
    assert len(telemetry.spans("predict double")) == 50
    assert [point.count for point in telemetry.metric("ml.inference.duration")] == [50]


class FailingSpan(Failing, NonRecordingSpan):
    def __init__(self, method: str, context: Any) -> None:
        Failing.__init__(self, method)
        NonRecordingSpan.__init__(self, context)


class FailingTracer(NoOpTracer):
    def __init__(self, method: str) -> None:
        self.method = method

    def start_span(self, *args: Any, **kwargs: Any) -> Any:
        if self.method == "start_span":
            raise Broken
        return FailingSpan(self.method, SpanContext(1, 1, is_remote=False))


class FailingTracerProvider(NoOpTracerProvider):
    def __init__(self, method: str) -> None:
        self.method = method

    def get_tracer(self, *_: Any, **__: Any) -> Any:
        return FailingTracer(self.method)


SPAN_METHODS = ["start_span", "is_recording", "set_attributes", "set_status", "end", "get_span_context"]


@pytest.mark.parametrize("method", SPAN_METHODS)
def test_a_tracer_that_raises(method: str, telemetry: Telemetry, production: Production) -> None:
    production(tracer_provider=FailingTracerProvider(method))
    predict(20)

    @otel_ml.observe(name="failing")
    def failing(x: float) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        failing(1.0)
    assert otel_ml.flush()
    assert [point.value for point in telemetry.metric("ml.inference.active")] in ([], [0, 0])


class FailingProvider:
    """Delegates, but can not be flushed."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        raise Broken


def test_a_provider_that_can_not_be_flushed(telemetry: Telemetry, production: Production) -> None:
    production(
        tracer_provider=FailingProvider(TracerProvider()),
        meter_provider=FailingProvider(MeterProvider()),
        logger_provider=FailingProvider(LoggerProvider()),
    )
    predict(20)
    assert otel_ml.flush(30) is False
    predict(20)
    otel_ml.uninstrument()


class FailingInstruments:
    """A meter whose instruments raise when they are used."""

    def __init__(self, meter: Any) -> None:
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        if name == "create_histogram":
            return lambda *_, **__: Failing("record")
        return getattr(self._meter, name)


class FailingMeterProvider(MeterProvider):
    def get_meter(self, *args: Any, **kwargs: Any) -> Any:
        return FailingInstruments(super().get_meter(*args, **kwargs))


def test_instruments_that_raise_take_neither_spans_nor_events_with_them(
    telemetry: Telemetry, production: Production
) -> None:
    reader = InMemoryMetricReader()
    production(meter_provider=FailingMeterProvider(metric_readers=[reader]))
    predict(20)
    assert otel_ml.flush()
    assert len(telemetry.spans("predict double")) == 20
    assert len(telemetry.events("ml.prediction")) == 20
    assert sum(guard.counts().values()) == 20
    data = reader.get_metrics_data()
    assert data is not None
    names = {metric.name for rm in data.resource_metrics for sm in rm.scope_metrics for metric in sm.metrics}
    assert "ml.telemetry.errors" in names


HANGS = 120.0
"""Seconds that an exporter tries for: whoever waits for one takes longer than any busy machine does."""


@pytest.mark.parametrize("receiver", ["silent", "absent"])
def test_a_receiver_that_hangs_or_is_absent(receiver: str, telemetry: Telemetry, production: Production) -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    server = socket.create_server(("127.0.0.1", 0), backlog=64)  # takes connections and never answers
    endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
    if receiver == "absent":
        server.close()
    spans = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=HANGS)
    logs = OTLPLogExporter(f"{endpoint}/v1/logs", timeout=HANGS)
    points = OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=HANGS)
    tracers, loggers = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=200))
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs, schedule_delay_millis=200))
    reader = PeriodicExportingMetricReader(points, export_interval_millis=200)
    meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    production(tracer_provider=tracers, logger_provider=loggers, meter_provider=meters)
    try:
        worst, stop = 0.0, time.monotonic() + 2
        while time.monotonic() < stop:
            began = time.perf_counter()
            predict(1)
            worst = max(worst, time.perf_counter() - began)
            time.sleep(0.01)
        assert worst < HANGS / 4, f"a prediction took {worst:.2f} s"
        began = time.perf_counter()
        otel_ml.flush(1)
        assert time.perf_counter() - began < HANGS / 4
        assert set(guard.counts()) <= {"runtime.flush"}
    finally:
        server.close()  # and with it all that hangs
        for exporter in (spans, logs, points):
            exporter.shutdown()
        otel_ml.uninstrument()
        tracers.shutdown()
        loggers.shutdown()
        meters.shutdown(timeout_millis=2_000)
        logging.getLogger("opentelemetry").setLevel(logging.NOTSET)

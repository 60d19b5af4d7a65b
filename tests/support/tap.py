"""Puts whatever the SDK providers of a test emit under the live check: those that tests make for themselves, too.

It listens at the providers' own seams: as the first processor of each, before one that a test has made to fail, and where
a reader collects. The global providers of the fixture `telemetry` look after themselves, and programs in processes of
their own send to `otlp_sink`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk.metrics.export import MetricReader, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from tests.support.livecheck import LiveCheck
from tests.support.telemetry import backend

Collect = Callable[..., MetricsData | None]


class Tap:
    """Checks everything, but once only what differs in nothing that the check looks at: tests emit 100,000 times the same.

    Args:
        check: What to check with.

    Attributes:
        errors: Of encoding or checking itself.
    """

    def __init__(self, check: LiveCheck) -> None:
        self.errors: list[Exception] = []
        self._check = check
        self._seen: set[Hashable] = set()
        self._lock = threading.RLock()  # a signal handler may emit, too
        self._is_counted = lru_cache(4096)(self._has_few_values)

    def span(self, span: ReadableSpan) -> None:
        """Takes an ended span."""
        scope = span.instrumentation_scope
        events = tuple(event.name for event in span.events)
        names = (scope and scope.name, span.name, span.kind, span.status.status_code, events)
        if self._is_new(names, span.attributes or {}):
            self._give(encode_spans, [span])

    def log(self, log: ReadableLogRecord) -> None:
        """Takes an emitted log record."""
        scope, record = log.instrumentation_scope, log.log_record
        there = (bool(record.timestamp), bool(record.trace_id), bool(record.span_id), record.body is None)
        names = (scope and scope.name, record.event_name, record.severity_number, *there)
        if self._is_new(names, record.attributes or {}):
            self._give(encode_logs, [log])

    def collecting(self, collect: Collect) -> Collect:
        """Takes whatever a reader collects with this function."""

        def collected(*args: Any, **kwargs: Any) -> MetricsData | None:
            data = collect(*args, **kwargs)
            if data is not None:
                self._give(encode_metrics, data)
            return data

        return collected

    def _give(self, encode: Callable[[Any], Any], records: Any) -> None:
        try:
            with self._lock:
                self._check.check(encode(records))
        except Exception as error:  # raised here, it would change what is tested
            self.errors.append(error)

    def _is_new(self, names: tuple[Hashable, ...], attributes: Mapping[str, Any]) -> bool:
        kind = names, frozenset((key, *self._kind(key, value)) for key, value in attributes.items())
        if kind in self._seen:
            return False
        self._seen.add(kind)
        return True

    def _kind(self, key: str, value: Any) -> tuple[Any, ...]:
        if isinstance(value, (list, tuple)):
            return tuple(map(type, value))
        # Of free values only 0 and 1 matter: some attributes are left out instead of saying nothing else.
        matters = isinstance(value, (str, bool, int, float)) and (self._is_counted(key) or value in (0, 1))
        return type(value), value if matters else None

    def _has_few_values(self, key: str) -> bool:
        attribute = self._check.registry.attribute(key)
        return attribute is not None and not attribute.high_cardinality


class _Spans(SpanProcessor):
    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def on_end(self, span: ReadableSpan) -> None:
        self._tap.span(span)


class _Logs(LogRecordProcessor):
    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self._tap.log(
            ReadableLogRecord(
                log_record=log_record.log_record,
                resource=log_record.resource or Resource.get_empty(),
                instrumentation_scope=log_record.instrumentation_scope,
                limits=log_record.limits,
            )
        )

    def shutdown(self) -> None:
        """Nothing to end."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@pytest.fixture(autouse=True)
def tap(live_check: LiveCheck, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tap]:
    """Taps every provider that is made while the test runs."""
    backend()  # the global providers, which all tests share, are made before
    tap = Tap(live_check)
    make_tracers: Callable[..., None] = TracerProvider.__init__
    make_loggers: Callable[..., None] = LoggerProvider.__init__
    connect: Callable[..., None] = MetricReader._set_collect_callback

    def tracers(provider: TracerProvider, *args: Any, **kwargs: Any) -> None:
        make_tracers(provider, *args, **kwargs)
        provider.add_span_processor(_Spans(tap))

    def loggers(provider: LoggerProvider, *args: Any, **kwargs: Any) -> None:
        make_loggers(provider, *args, **kwargs)
        provider.add_log_record_processor(_Logs(tap))

    def readers(reader: MetricReader, collect: Collect | None) -> None:
        connect(reader, collect and tap.collecting(collect))

    monkeypatch.setattr(TracerProvider, "__init__", tracers)
    monkeypatch.setattr(LoggerProvider, "__init__", loggers)
    monkeypatch.setattr(MetricReader, "_set_collect_callback", readers)
    yield tap
    assert tap.errors == []

"""The fixtures `telemetry` and `live_check`, and the list of names that no test has emitted.

`telemetry` puts in-memory exporters behind the global providers, which a process can set only once. What a test emitted
is checked against the registry when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from textwrap import fill
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import LogRecord
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Exemplar, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

import otel_ml
from otel_ml import guard
from tests.support.livecheck import LiveCheck, missing_names
from tests.support.points import AttributeValue, Point, Series, accumulates, each, keep
from tests.support.wait import PATIENCE
from tests.tools.semconv.registry import Registry, load

EMITTED = pytest.StashKey[set[tuple[str, str]]]()


class SwitchSampler(Sampler):
    """Asks whichever sampler a test has chosen."""

    def __init__(self) -> None:
        self.chosen: Sampler = ALWAYS_ON

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return self.chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"SwitchSampler({self.chosen.get_description()})"


class ExemplarReader(InMemoryMetricReader):
    """Keeps exemplars: the SDK hands each out once, with the first collection after it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.exemplars: dict[Series, list[Exemplar]] = {}

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> None:
        for series, _, point in each(metrics_data):
            self.exemplars.setdefault(series, []).extend(point.exemplars)
        super()._receive_metrics(metrics_data, timeout_millis, **kwargs)


class Backend:
    """The in-memory ends of the three signals."""

    def __init__(self) -> None:
        resource = Resource.create({"service.name": "otel-ml-tests"})
        self.sampler = SwitchSampler()
        self.spans = InMemorySpanExporter()
        self.logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's has no annotations
        self.reader = ExemplarReader()
        tracer_provider = TracerProvider(sampler=self.sampler, resource=resource)
        tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        logger_provider = LoggerProvider(resource=resource)
        logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self.logs))
        meter_provider = MeterProvider(metric_readers=[self.reader], resource=resource)
        trace.set_tracer_provider(tracer_provider)
        _logs.set_logger_provider(logger_provider)
        metrics.set_meter_provider(meter_provider)
        found = (trace.get_tracer_provider(), _logs.get_logger_provider(), metrics.get_meter_provider())
        if found != (tracer_provider, logger_provider, meter_provider):
            raise RuntimeError("a test has set a global provider; let it do so in a process of its own")


@cache
def backend() -> Backend:
    """The one of this process."""
    return Backend()


@cache
def registry() -> Registry:
    """The registry, read once."""
    return load()


class Telemetry:
    """What the test has emitted so far."""

    def __init__(self, backend: Backend, check: LiveCheck) -> None:
        self._backend = backend
        self._check = check
        self._start: dict[Series, Point] = {}
        self._begin()

    def flush(self) -> None:
        """Waits until everything that is queued has been emitted."""
        assert otel_ml.flush(PATIENCE), f"otel-ml could not hand on what is queued within {PATIENCE} s"

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Ended spans in the order of their end, those of other instrumentations too."""
        self.flush()
        return [span for span in self._backend.spans.get_finished_spans() if name in (None, span.name)]

    def logs(self) -> list[LogRecord]:
        """All log records, events and the application's own."""
        self.flush()
        return [record.log_record for record in self._backend.logs.get_finished_logs()]

    def events(self, name: str | None = None) -> list[LogRecord]:
        """Log records with an event name."""
        return [record for record in self.logs() if record.event_name and name in (None, record.event_name)]

    def metric(self, name: str, attributes: Mapping[str, AttributeValue] | None = None, **more: Any) -> list[Point]:
        """What the test added to a metric: counters and histograms since its start, gauges as they are.

        Args:
            name: of the metric.
            attributes: only series that have these, whatever else they have.
            **more: the same, for names without a dot.
        """
        wanted = {**(attributes or {}), **more}.items()
        return [point for _, point in self._new(name) if wanted <= point.attributes.items()]

    def cumulative(self, name: str) -> list[Point]:
        """All series of a metric as the SDK has them, with what earlier tests of this process added."""
        return [point for _, metric, point in each(self._collect()) if metric.name == name]

    @contextmanager
    def sampled_by(self, sampler: Sampler) -> Iterator[None]:
        """Another head sampler for a while; without it every span is sampled."""
        previous, self._backend.sampler.chosen = self._backend.sampler.chosen, sampler
        try:
            yield
        finally:
            self._backend.sampler.chosen = previous

    def clear(self) -> None:
        """Forgets what was emitted so far, after it was checked."""
        self.check()
        self._begin()

    def check(self) -> None:
        """Gives everything emitted to the live check, as OTLP."""
        self.flush()
        spans, logs = self._backend.spans.get_finished_spans(), self._backend.logs.get_finished_logs()
        if spans:
            self._check.check(encode_spans(spans))
        if logs:
            self._check.check(encode_logs(logs))
        self.check_metrics()

    def check_metrics(self) -> None:
        """Gives the metrics alone to the live check: observable ones can be read only while otel-ml is on."""
        data = self._collect()
        new = {series for series, _ in self._new(None, data)}
        self._check.check(encode_metrics(keep(data, new.__contains__)))

    def _begin(self) -> None:
        self.flush()
        self._backend.spans.clear()
        self._backend.logs.clear()
        self._start = {series: point for series, _, point in each(self._collect())}
        self._backend.reader.exemplars.clear()

    def _collect(self) -> MetricsData:
        return self._backend.reader.get_metrics_data() or MetricsData(resource_metrics=[])

    def _new(self, name: str | None, data: MetricsData | None = None) -> Iterator[tuple[Series, Point]]:
        for series, metric, point in each(self._collect() if data is None else data):
            if name not in (None, metric.name):
                continue
            start = self._start.get(series)
            if start is not None and accumulates(metric):
                point = point.since(start)
                if point.is_zero:
                    continue
            yield series, replace(point, exemplars=tuple(self._backend.reader.exemplars.get(series, ())))


@pytest.fixture
def live_check(pytestconfig: pytest.Config) -> Iterator[LiveCheck]:
    """A live check to feed with OTLP that a test received; the test fails if it finds something."""
    check = LiveCheck(registry())
    yield check
    pytestconfig.stash.setdefault(EMITTED, set()).update(check.emitted)
    if check.findings:
        pytest.fail(check.report(), pytrace=False)


@pytest.fixture
def telemetry(live_check: LiveCheck, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    """Everything that the test emits in this process, checked against the registry at the end."""
    monkeypatch.setattr(guard, "RERAISE", True)
    _reset()
    found = Telemetry(backend(), live_check)
    yield found
    try:
        found.check()
    finally:
        _reset()


def _reset() -> None:
    """The one place that brings otel-ml back to the state of a fresh process, between tests."""
    otel_ml.uninstrument()
    guard.reset()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which names of the registry no test has emitted."""
    emitted = config.stash.get(EMITTED, None)
    if emitted is None:
        return
    terminalreporter.section("names of the ml.* registry that no test emitted")
    for title, later in (("not yet emitted", False), ("for later", True)):
        for kind, names in missing_names(registry(), emitted, later=later).items():
            if names:
                text = f"{title}, {len(names)} of kind {kind}: {', '.join(names)}"
                terminalreporter.write_line(fill(text, 110, subsequent_indent="  ", break_on_hyphens=False))

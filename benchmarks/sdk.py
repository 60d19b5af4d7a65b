"""The SDK as a service has it, but for the network: batches, real protobuf encoding, and a transport that throws bytes away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Sent:
    """What would have gone over the network."""

    def __init__(self) -> None:
        self.spans = self.records = self.collections = 0
        self.span_bytes = self.record_bytes = self.metric_bytes = 0


class NullSpans(SpanExporter):
    """Encodes spans as the OTLP exporters do."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._sent.span_bytes += len(encode_spans(spans).SerializeToString())
        self._sent.spans += len(spans)
        return SpanExportResult.SUCCESS


class NullLogs(LogRecordExporter):
    """Encodes log records as the OTLP exporters do."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self._sent.record_bytes += len(encode_logs(batch).SerializeToString())
        self._sent.records += len(batch)
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def shutdown(self) -> None:
        """Nothing is open."""


class NullMetrics(MetricExporter):
    """Encodes metrics as the OTLP exporters do."""

    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self._sent = sent

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:
        self._sent.metric_bytes += len(encode_metrics(metrics_data).SerializeToString())
        self._sent.collections += 1
        return MetricExportResult.SUCCESS

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing is open."""

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True


class Sdk:
    """The three providers of one contender, with the SDK's defaults for queues, batches and intervals."""

    def __init__(self) -> None:
        resource = Resource.create({"service.name": "benchmark"})
        self.sent = Sent()
        self.tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(BatchSpanProcessor(NullSpans(self.sent)))
        self.logger_provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(BatchLogRecordProcessor(NullLogs(self.sent)))
        reader = PeriodicExportingMetricReader(NullMetrics(self.sent))
        self.meter_provider = MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)

    @property
    def providers(self) -> dict[str, Any]:
        """The keywords under which `otel_ml.instrument` and other instrumentations take them."""
        return {
            "tracer_provider": self.tracer_provider,
            "logger_provider": self.logger_provider,
            "meter_provider": self.meter_provider,
        }

    def flush(self) -> None:
        """Encode every span and log record that is queued."""
        self.tracer_provider.force_flush()
        self.logger_provider.force_flush()

    def collect(self) -> None:
        """Collect and encode the metrics once."""
        self.meter_provider.force_flush()

    def shutdown(self) -> None:
        """Stop the threads."""
        self.tracer_provider.shutdown()
        self.logger_provider.shutdown()
        self.meter_provider.shutdown()

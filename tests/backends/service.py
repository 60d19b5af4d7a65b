"""A service with the plain OpenTelemetry SDK: what the backends must be able to do for anybody's ml.* telemetry."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, format_trace_id
from opentelemetry.util.types import AnyValue

from tests.support.wait import PATIENCE

IDENTITY: dict[str, AnyValue] = {"ml.operation.name": "predict", "ml.model.name": "churn", "ml.model.version": "3"}


@dataclass(frozen=True)
class Sent:
    """One prediction that was sent, by the ids that lead to it."""

    prediction_id: str
    trace_id: str


class PlainService:
    """Sends one span tree, one event and one histogram point for each prediction."""

    def __init__(self, name: str, grpc_url: str, *, temporality: AggregationTemporality) -> None:
        self.name = name
        self.instance = str(uuid.uuid4())
        resource = Resource.create({"service.name": name, "service.instance.id": self.instance})
        self._tracers = TracerProvider(resource=resource)
        to: dict[str, Any] = {"endpoint": grpc_url, "insecure": True, "timeout": PATIENCE}
        self._tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**to)))
        self._loggers = LoggerProvider(resource=resource)
        self._loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**to)))
        exporter = OTLPMetricExporter(**to, preferred_temporality={Histogram: temporality})
        self._meters = MeterProvider([PeriodicExportingMetricReader(exporter, 3_600_000)], resource)
        self._duration = self._meters.get_meter("plain").create_histogram("ml.inference.duration", "s")

    def predict(self, *, age: float = 0.0) -> Sent:
        """Send one prediction whose event happened so many seconds ago."""
        prediction_id = str(uuid.uuid4())
        tracer, logger = self._tracers.get_tracer("plain"), self._loggers.get_logger("plain")
        with tracer.start_as_current_span("POST /predict", kind=SpanKind.SERVER):
            attributes: dict[str, AnyValue] = IDENTITY | {"ml.prediction.id": prediction_id, "ml.feature.value.age": 42}
            with tracer.start_as_current_span("predict churn", attributes=attributes) as span:
                self._duration.record(0.002, IDENTITY)
                logger.emit(
                    timestamp=time.time_ns() - int(age * 1e9),
                    severity_number=SeverityNumber.INFO,
                    event_name="ml.prediction",
                    attributes=attributes | {"ml.output.label": "yes"},
                )
                return Sent(prediction_id, format_trace_id(span.get_span_context().trace_id))

    def flush(self) -> None:
        """Hand everything to the Collector; when this returns, it has accepted it."""
        for provider in (self._tracers, self._loggers, self._meters):
            assert provider.force_flush(int(PATIENCE * 1000))

    def shutdown(self) -> None:
        for provider in (self._tracers, self._loggers, self._meters):
            provider.shutdown()


@contextmanager
def plain_service(
    grpc_url: str, *, temporality: AggregationTemporality = AggregationTemporality.CUMULATIVE
) -> Iterator[PlainService]:
    """Run a service with a name of its own, so that a test finds only what it sent."""
    service = PlainService(f"plain-{uuid.uuid4().hex[:8]}", grpc_url, temporality=temporality)
    try:
        yield service
    finally:
        service.shutdown()

"""Sends what an instrumented service would send, through the real OpenTelemetry exporters."""

from __future__ import annotations

import argparse
import random
import time
import uuid
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics

_PATIENCE = 15  # seconds; to `leave` a receiver that a test has ended is quicker


class Traffic:
    """A service in miniature: server span, model span, event, metrics, with providers of its own.

    Args:
        endpoint: As in OTEL_EXPORTER_OTLP_ENDPOINT.
        protocol: `grpc` or `http/protobuf`.
        gzip: Whether to compress.
    """

    def __init__(self, endpoint: str, protocol: str = "grpc", *, gzip: bool = False, service: str = "flights") -> None:
        resource = Resource.create({"service.name": service, "service.instance.id": str(uuid.uuid4())})
        self._exporters = spans, logs, points = _exporters(endpoint, protocol, gzip)
        self.traces = TracerProvider(resource=resource)
        self.traces.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=100))
        self.logs = LoggerProvider(resource=resource)
        self.logs.add_log_record_processor(BatchLogRecordProcessor(logs, schedule_delay_millis=100))
        reader = PeriodicExportingMetricReader(points, export_interval_millis=500)
        self.metrics = MeterProvider([reader], resource=resource)
        self._tracer = self.traces.get_tracer("test")
        self._logger = self.logs.get_logger("test")
        meter = self.metrics.get_meter("test")
        duration = metrics.ML_INFERENCE_DURATION
        self._duration = meter.create_histogram(
            duration.name, duration.unit, duration.description, explicit_bucket_boundaries_advisory=duration.boundaries
        )
        self._counts: dict[tuple[str, str, str, str], int] = {}
        observations = metrics.ML_FEATURE_OBSERVATIONS
        meter.create_observable_counter(observations.name, [self._observe], observations.unit, observations.description)

    def predict(
        self,
        features: dict[str, Any],
        output: dict[str, Any] | None = None,
        *,
        model: str = "late-flights",
        version: str = "3",
        error: str | None = None,
        server: bool = True,
        seconds: float = 0.0,
    ) -> str:
        """One request with one prediction; a feature that is None is null. Returns the prediction id."""
        identifier = str(uuid.uuid4())
        operation = names.MlOperationNameValues.PREDICT.value
        identity = {
            names.ML_MODEL_NAME: model,
            names.ML_MODEL_VERSION: version,
            names.ML_OPERATION_NAME: operation,
        }
        row: dict[str, Any] = {**identity, names.ML_PREDICTION_ID: identifier, **(output or {})}
        nulls = [name for name, item in features.items() if item is None]
        row |= {f"{names.ML_FEATURE_VALUE_TEMPLATE}.{k}": v for k, v in features.items() if v is not None}
        if nulls:
            row[names.ML_FEATURE_NULL_NAMES] = nulls
        if error:
            row[names.ERROR_TYPE] = error
        for name, item in features.items():
            for bins in (names.MlFeatureBinValues.NULL, names.MlFeatureBinValues.VALUE):
                counted = (bins is names.MlFeatureBinValues.NULL) == (item is None)
                key = (model, version, name, bins.value)
                self._counts[key] = self._counts.get(key, 0) + counted

        def call() -> None:
            with self._tracer.start_as_current_span(f"{operation} {model}", attributes=row) as span:
                begin = time.perf_counter()
                time.sleep(seconds)
                failure = {names.ERROR_TYPE: error} if error else {}
                if error:
                    span.set_status(Status(StatusCode.ERROR))
                self._duration.record(time.perf_counter() - begin, {**identity, **failure})
                self._logger.emit(
                    event_name=events.EVENT_ML_PREDICTION,
                    timestamp=time.time_ns(),
                    observed_timestamp=time.time_ns(),
                    severity_number=SeverityNumber.INFO,
                    severity_text="INFO",
                    attributes=row,
                )

        if not server:
            call()
            return identifier
        http = {"http.method": "POST", "http.route": "/predict", "http.status_code": 500 if error else 200}
        with self._tracer.start_as_current_span("POST /predict", kind=SpanKind.SERVER, attributes=http):
            call()
        return identifier

    def flush(self) -> None:
        """Returns once everything was acknowledged, or given up."""
        for provider in (self.traces, self.logs, self.metrics):
            provider.force_flush(30_000)

    def close(self) -> None:
        """Flushes and ends the exporters' threads; spans last, after which a receiver may have all that it wants, and end."""
        for provider in (self.metrics, self.logs, self.traces):
            provider.shutdown()

    def leave(self) -> None:
        """Sends nothing more: the receiver has ended."""
        for exporter in self._exporters:
            exporter.shutdown()

    def _observe(self, options: CallbackOptions) -> list[Observation]:
        keys = (names.ML_MODEL_NAME, names.ML_MODEL_VERSION, names.ML_FEATURE_NAME, names.ML_FEATURE_BIN)
        return [Observation(number, dict(zip(keys, key, strict=True))) for key, number in list(self._counts.items())]


def _exporters(endpoint: str, protocol: str, gzip: bool) -> tuple[Any, Any, Any]:
    if protocol == "grpc":
        import grpc

        compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
        return (
            grpc_traces.OTLPSpanExporter(endpoint, insecure=True, timeout=_PATIENCE, compression=compression),
            grpc_logs.OTLPLogExporter(endpoint, insecure=True, timeout=_PATIENCE, compression=compression),
            grpc_metrics.OTLPMetricExporter(endpoint, insecure=True, timeout=_PATIENCE, compression=compression),
        )
    packed = Compression.Gzip if gzip else Compression.NoCompression
    return (
        http_traces.OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_PATIENCE, compression=packed),
        http_logs.OTLPLogExporter(f"{endpoint}/v1/logs", timeout=_PATIENCE, compression=packed),
        http_metrics.OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=_PATIENCE, compression=packed),
    )


def flight(randomness: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features and output of a made-up flight; some values are missing, some more often than others."""
    features: dict[str, Any] = {
        "month": randomness.randint(1, 12),
        "hour": randomness.randint(5, 23),
        "carrier": randomness.choice(["UA", "B6", "EV", "DL", "AA"]),
        "origin": randomness.choice(["EWR", "JFK", "LGA"]),
        "dest": randomness.choice(["ORD", "ATL", "LAX", "BOS", "MCO"]),
        "distance": float(randomness.randint(80, 2600)),
        "temp": round(randomness.gauss(60, 18), 2),
        "wind_gust": None if randomness.random() < 0.7 else round(randomness.uniform(16, 50), 1),
        "plane_year": None if randomness.random() < 0.15 else randomness.randint(1985, 2013),
    }
    score = randomness.betavariate(1.2, 3)
    label = "late" if score > 0.5 else "on_time"
    output = {names.ML_OUTPUT_LABEL: label, names.ML_OUTPUT_SCORE: round(max(score, 1 - score), 4)}
    return features, output


def main() -> None:
    """Sends flights until it is stopped: something to look at in `otel-ml tail`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--endpoint", default="http://127.0.0.1:4317")
    parser.add_argument("--per-second", type=float, default=2.0)
    parser.add_argument("--count", type=int, default=10**9)
    arguments = parser.parse_args()
    traffic = Traffic(arguments.endpoint)
    randomness = random.Random(7)
    for _ in range(arguments.count):
        features, output = flight(randomness)
        error = "ValueError" if randomness.random() < 0.02 else None
        seconds = randomness.lognormvariate(-6.2, 0.4)
        traffic.predict(features, None if error else output, error=error, seconds=seconds)
        time.sleep(1 / arguments.per_second)
    traffic.close()


if __name__ == "__main__":
    main()

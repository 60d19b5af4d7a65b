"""How many bytes a prediction and a collection of the metrics are, as OTLP protobuf, from a real service.

python -m benchmarks.volume

Everything that would differ from run to run (ids, times, durations) is replaced by constants of the same size before it is
counted, so that the same versions give the same figures.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import numpy as np
from fastapi import FastAPI
from google.protobuf.message import Message
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_ml
from benchmarks.models import CLASSES, NAME, VERSION, Tiny, matrix
from otel_ml.providers import SCOPE
from otel_ml.semconv import attributes as names
from otel_ml.semconv.events import EVENT_ML_PREDICTION

PREDICTIONS = 128
"""Requests a measurement, which is a batch as exporters send it: gzip finds repetition across them."""

TIME = 1_385_000_000_000_000_000
RESOURCE = {
    "service.name": "churn",
    "service.instance.id": "3f2b8c1e-0d5a-4f6b-9c7d-1e2f3a4b5c6d",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.45.1",
}


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes, as they are encoded and after gzip."""

    raw: float
    gzip: float

    def __add__(self, other: Size) -> Size:
        return Size(self.raw + other.raw, self.gzip + other.gzip)

    def __mul__(self, factor: float) -> Size:
        return Size(self.raw * factor, self.gzip * factor)


@dataclass(frozen=True, slots=True)
class Volume:
    """What one prediction in one request leaves behind.

    Attributes:
        request: the server's spans, which OpenTelemetry's FastAPI instrumentation makes.
        span: the model's span.
        event: the event.
    """

    request: Size
    span: Size
    event: Size


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of the metrics of one model in one process.

    Attributes:
        size: of the export.
        points: data points in it.
        series: as Prometheus counts them: every bucket, the sum and the count of a histogram are one each.
    """

    size: Size
    points: int
    series: int


def volume(features: int, **options: Any) -> Volume:
    """Serve predictions with so many numeric features, and measure what leaves."""
    telemetry = _Telemetry()
    model = _model(features)
    app = FastAPI()

    @app.get("/predict")
    async def predict(row: int) -> float:
        return float(model.predict_proba(rows[row : row + 1])[0, 1])

    rows = matrix(PREDICTIONS, features)
    with telemetry.on(model, app, **options):
        asyncio.run(_ask(app))
        otel_ml.flush()
    spans = telemetry.spans.get_finished_spans()
    logs = [log for log in telemetry.logs.get_finished_logs() if log.log_record.event_name == EVENT_ML_PREDICTION]
    ours = [span for span in spans if span.instrumentation_scope and span.instrumentation_scope.name == SCOPE]
    others = [span for span in spans if span not in ours]
    empty = Size(0, 0)
    return Volume(
        request=_size(encode_spans(others)) * (1 / PREDICTIONS),
        span=_size(encode_spans(ours)) * (1 / PREDICTIONS),
        event=_size(encode_logs(logs)) * (1 / PREDICTIONS) if logs else empty,
    )


def collection(features: int, **options: Any) -> Collection:
    """Predict a little with so many features, and measure one collection of the metrics."""
    telemetry = _Telemetry()
    model = _model(features)
    with telemetry.on(model, None, **options):
        for row in matrix(2, features):
            model.predict_proba(row.reshape(1, -1))
        otel_ml.flush()
        data = telemetry.reader.get_metrics_data()
        assert data is not None
        points: list[Any] = [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        size = _size(encode_metrics(data))
    return Collection(size, len(points), sum(_series(point) for point in points))


class _Telemetry:
    """An SDK that keeps what it would export."""

    def __init__(self) -> None:
        resource = Resource(RESOURCE)
        self.spans = InMemorySpanExporter()
        self.logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's has no annotations
        self.reader = InMemoryMetricReader()
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracing.add_span_processor(SimpleSpanProcessor(self.spans))
        self._logging = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._logging.add_log_record_processor(SimpleLogRecordProcessor(self.logs))
        self._metering = MeterProvider(metric_readers=[self.reader], resource=resource, shutdown_on_exit=False)

    @contextmanager
    def on(self, model: Any, app: FastAPI | None, **options: Any) -> Iterator[None]:
        """Switch otel-ml on for a block."""
        providers = {
            "tracer_provider": self._tracing,
            "logger_provider": self._logging,
            "meter_provider": self._metering,
        }
        otel_ml.instrument(app, **providers, **options)
        try:
            otel_ml.register_model(model, NAME, version=VERSION, classes=CLASSES)
            yield
        finally:
            otel_ml.uninstrument()


def _model(features: int) -> Tiny:
    model = Tiny()
    model.feature_names_in_ = np.array([f"feature_{index:02d}" for index in range(features)])
    return model


async def _ask(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://churn.example.com:8000") as client:
        for row in range(PREDICTIONS):
            (await client.get("/predict", params={"row": row})).raise_for_status()


def _size(message: Message) -> Size:
    _settle(message, random.Random(7))
    data = message.SerializeToString()
    return Size(len(data), len(gzip.compress(data, mtime=0)))


def _settle(message: Message, random_: random.Random) -> None:
    """Replace what differs from run to run by something of the same size that does not."""
    for field, value in message.ListFields():
        if field.name.endswith("time_unix_nano"):
            setattr(message, field.name, TIME + random_.getrandbits(40))
        elif field.name in ("trace_id", "span_id", "parent_span_id"):
            setattr(message, field.name, random_.randbytes(len(value)))
        elif field.name == "bucket_counts":
            value.sort()  # which bucket a call falls into is chance
        elif field.name == "attributes":
            for attribute in value:
                if attribute.key == names.ML_PREDICTION_ID:
                    attribute.value.string_value = str(UUID(int=random_.getrandbits(128)))
        elif isinstance(value, float):
            setattr(message, field.name, 0.000123)
        elif isinstance(value, Message):
            _settle(value, random_)
        elif field.message_type is not None:
            for item in value:
                _settle(item, random_)


def _series(point: Any) -> int:
    bounds = getattr(point, "explicit_bounds", None)
    return 1 if bounds is None else len(bounds) + 3


def main() -> None:
    """Print the figures of 30 features."""
    found = volume(30)
    for what, size in (("request's spans", found.request), ("model's span", found.span), ("event", found.event)):
        print(f"{what:16} {size.raw:6.0f} bytes, {size.gzip:5.0f} after gzip")
    metrics = collection(30)
    print(
        f"{'metrics':16} {metrics.size.raw:6.0f} bytes, {metrics.size.gzip:5.0f} after gzip, a collection; "
        f"{metrics.points} points, {metrics.series} Prometheus series"
    )


if __name__ == "__main__":
    main()

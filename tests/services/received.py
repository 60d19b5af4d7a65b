"""What a sink has received of predictions."""

from __future__ import annotations

from collections import Counter

from otel_ml.service.records import Span
from tests.support.otlp import OtlpSink


def model_spans(sink: OtlpSink) -> list[Span]:
    """Spans of predictions."""
    return [span for span in sink.spans() if "ml.model.name" in span.attributes]


def span_ids(sink: OtlpSink) -> Counter[str]:
    """How often each prediction id is on a span."""
    return Counter(span.attributes["ml.prediction.id"] for span in model_spans(sink))


def event_ids(sink: OtlpSink) -> Counter[str]:
    """How often each prediction id is on an event."""
    return Counter(event.attributes["ml.prediction.id"] for event in sink.events("ml.prediction"))


def predictions(sink: OtlpSink) -> float:
    """Predictions counted, over all workers and their restarts."""
    return sum(point.value or 0 for point in sink.metric_points("ml.predictions"))

"""`otel-ml tail --output json`: one JSON object a line. docs/tail.md holds the schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, TextIO

from otel_ml.semconv import attributes as names
from otel_ml.service import fields
from otel_ml.service.predictions import Prediction
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Exemplar, Log, Point, Source, Span
from otel_ml.service.summary import ModelSummary, Summary


class JsonView:
    """Writes each thing as a line and flushes, so that a reader has it at once."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def listening(self, receiver: Receiver) -> None:
        """The endpoints, so that a program can use free ports."""
        self._write({"kind": "listening", "grpc": receiver.grpc_endpoint, "http": receiver.http_endpoint})

    def predictions(self, predictions: list[Prediction]) -> None:
        """A line a row."""
        for prediction in predictions:
            self._write(prediction_line(prediction))

    def event(self, event: Log) -> None:
        """An `ml.*` event that is no prediction."""
        self._write(event_line(event))

    def points(self, points: list[Point]) -> None:
        """Metric points that are new."""
        for point in points:
            self._write(point_line(point))

    def refresh(self, summarise: Callable[[], Summary]) -> None:
        """Nothing to redraw."""

    def summary(self, summary: Summary) -> None:
        """The figures so far."""
        self._write(summary_line(summary))

    def close(self) -> None:
        """Nothing to restore."""

    def _write(self, line: dict[str, Any]) -> None:
        # ASCII only, and not even DEL: a line that ends on a terminal must not steer it.
        text = json.dumps(_finite(line), separators=(",", ":"), allow_nan=False).replace("\x7f", "\\u007f")
        self._out.write(text + "\n")
        self._out.flush()


def prediction_line(prediction: Prediction) -> dict[str, Any]:
    """A prediction as a line."""
    attributes = prediction.attributes
    call, event, server = prediction.call, prediction.event, prediction.server
    return {
        "kind": "prediction",
        "time": _time(prediction.time),
        "prediction_id": attributes.get(names.ML_PREDICTION_ID),
        "trace_id": prediction.trace_id,
        "span_id": call.span_id if call else event.span_id if event else None,
        "service": _service(prediction.source),
        "model": attributes.get(names.ML_MODEL_NAME),
        "version": attributes.get(names.ML_MODEL_VERSION),
        "alias": attributes.get(names.ML_MODEL_ALIAS),
        "operation": attributes.get(names.ML_OPERATION_NAME),
        "task": attributes.get(names.ML_TASK_TYPE),
        "framework": attributes.get(names.ML_FRAMEWORK_NAME),
        "duration_ms": _ms(call),
        "batch_size": attributes.get(names.ML_BATCH_SIZE, 1),
        "weight": attributes.get(names.ML_EVENT_WEIGHT, 1),
        "features": fields.features(attributes),
        "nulls": fields.null_names(attributes),
        "dropped": attributes.get(names.ML_FEATURE_DROPPED_COUNT, 0),
        "output": fields.output(attributes),
        "caller": fields.caller(attributes),
        "status": call.status if call else None,
        "error_type": attributes.get(names.ERROR_TYPE),
        "event": event is not None,
        "event_time": _time(event.time) if event else None,
        "server": {**fields.request(server), **_span(server)} if server else None,
        "path": [_span(span) for span in prediction.path],
        "calls": [_span(span) for span in prediction.calls],
    }


def event_line(event: Log) -> dict[str, Any]:
    """Any other event as a line."""
    return {
        "kind": "event",
        "name": event.event,
        "time": _time(event.time),
        "severity": event.severity,
        "trace_id": event.trace_id or None,
        "span_id": event.span_id or None,
        "service": _service(event.source),
        "attributes": event.attributes,
        "body": event.body,
    }


def point_line(point: Point) -> dict[str, Any]:
    """A metric point as a line."""
    line: dict[str, Any] = {
        "kind": "metric",
        "name": point.metric,
        "type": point.kind,
        "unit": point.unit,
        "time": _time(point.time),
        "service": _service(point.source),
        "attributes": point.attributes,
    }
    if point.temporality:
        line["temporality"] = point.temporality
    if point.value is not None:
        line["value"] = point.value
    else:
        line |= {"count": point.count, "sum": point.total}
        if point.buckets:
            line |= {"bounds": point.bounds, "buckets": point.buckets}
    line["exemplars"] = [_exemplar(exemplar) for exemplar in point.exemplars]
    return line


def summary_line(summary: Summary) -> dict[str, Any]:
    """The running figures as a line."""
    return {
        "kind": "summary",
        "received": {"spans": summary.spans, "events": summary.events, "points": summary.points},
        "models": [_model(model) for model in summary.models],
        "exemplars": [{"metric": metric, **_exemplar(exemplar)} for metric, exemplar in summary.exemplars],
    }


def _model(model: ModelSummary) -> dict[str, Any]:
    latency = model.latency
    return {
        "model": model.name,
        "version": model.version or None,
        "predictions": model.predictions,
        "calls": model.calls,
        "errors": model.errors,
        "latency_ms": latency
        and {
            "p50": latency.p50 * 1e3,
            "p90": latency.p90 * 1e3,
            "p99": latency.p99 * 1e3,
            "count": latency.count,
            "source": latency.source,
        },
        "nulls": {rate.feature: {"nulls": rate.nulls, "total": rate.total, "rate": rate.rate} for rate in model.nulls},
        "labels": model.labels,
        "scores": model.scores,
        "values": model.values,
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "duration_ms": _ms(span),
        "status": span.status,
    }


def _ms(span: Span | None) -> float | None:
    return None if span is None else round(span.seconds * 1e3, 6)  # nanoseconds


def _service(source: Source) -> dict[str, Any]:
    return {"name": fields.service_name(source.resource), "instance_id": fields.instance_id(source.resource)}


def _exemplar(exemplar: Exemplar) -> dict[str, Any]:
    return {
        "trace_id": exemplar.trace_id,
        "span_id": exemplar.span_id,
        "value": exemplar.value,
        "time": _time(exemplar.time),
    }


def _time(nanoseconds: int) -> str | None:
    """ISO 8601 in UTC to the microsecond, None for a time that no calendar holds."""
    try:
        seconds, rest = divmod(nanoseconds, 1_000_000_000)
        whole = datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest // 1_000)
    except (ValueError, OverflowError, OSError):
        return None
    return whole.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _finite(item: Any) -> Any:
    """JSON has no NaN and no infinity: they become text, as in protobuf's JSON."""
    if isinstance(item, float) and not math.isfinite(item):
        return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
    if isinstance(item, Mapping):
        return {key: _finite(value) for key, value in item.items()}
    if isinstance(item, Iterable) and not isinstance(item, str):
        return [_finite(value) for value in item]
    return item

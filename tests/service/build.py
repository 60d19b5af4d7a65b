"""Records for tests, with the parts that matter."""

from __future__ import annotations

from typing import Any

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics
from otel_ml.semconv.metric import Metric
from otel_ml.service.records import Exemplar, Log, Point, Source, Span

SOURCE = Source({"service.name": "svc"}, "test")
TRACE = "a" * 32
MODEL = {names.ML_MODEL_NAME: "m", names.ML_MODEL_VERSION: "1"}


def span(span_id: str, parent: str = "", *, prediction: str = "", trace: str = TRACE, **changes: Any) -> Span:
    """A span; of a model call when it has a prediction id."""
    attributes = {**MODEL, names.ML_PREDICTION_ID: prediction} if prediction else {}
    values = {"name": f"span {span_id}", "kind": "internal", "start": 1_000, "end": 2_001_000, "status": "unset"}
    given = changes.pop("attributes", {})
    return Span(trace, span_id, parent, attributes={**attributes, **given}, source=SOURCE, **{**values, **changes})


def event(prediction: str, span_id: str, *, trace: str = TRACE, sampled: bool = True, **attributes: Any) -> Log:
    """A prediction event; keywords are attributes with `__` for dots."""
    more = {key.replace("__", "."): value for key, value in attributes.items()}
    return Log(
        events.EVENT_ML_PREDICTION,
        trace,
        span_id,
        sampled,
        5_000,
        5_000,
        "INFO",
        None,
        {**MODEL, names.ML_PREDICTION_ID: prediction, **more},
        SOURCE,
    )


def counter(
    metric: Metric, value: float, time: int, *, start: int = 1, temporality: str = "cumulative", **attributes: Any
) -> Point:
    """A point of a counter; keywords are attributes with `__` for dots."""
    more = {key.replace("__", "."): item for key, item in attributes.items()}
    return Point(
        metric.name, "sum", metric.unit, temporality, {**MODEL, **more}, start, time, value, 0, 0.0, (), (), (), SOURCE
    )


def feature(name: str, bin_name: str, value: float, time: int, **changes: Any) -> Point:
    """A point of `ml.feature.observations`."""
    return counter(
        metrics.ML_FEATURE_OBSERVATIONS, value, time, ml__feature__name=name, ml__feature__bin=bin_name, **changes
    )


def histogram(
    metric: Metric,
    bounds: tuple[float, ...],
    buckets: tuple[int, ...],
    time: int,
    exemplars: tuple[Exemplar, ...] = (),
    **attributes: Any,
) -> Point:
    """A point of a histogram."""
    more = {key.replace("__", "."): item for key, item in attributes.items()}
    count = sum(buckets)
    return Point(
        metric.name,
        "histogram",
        metric.unit,
        "cumulative",
        {**MODEL, **more},
        1,
        time,
        None,
        count,
        0.0,
        bounds,
        buckets,
        exemplars,
        SOURCE,
    )

"""Running statistics of models: latency, null rates, what they predict. From spans, events and metrics alike."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from typing import Any, TypeGuard

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics
from otel_ml.service import fields
from otel_ml.service.records import Attributes, Exemplar, Log, Point, Span
from otel_ml.service.summary import SCORE_BINS, ModelSummary, NullRate, Summary
from otel_ml.service.totals import MAX_SERIES, Durations, Percentiles, SeriesTotals, Tally, bucket_percentiles

_MODELS = 200
_FEATURES = 10_000
_LABELS = 1_000
_EXEMPLARS = 1_000
_RECENT_VALUES = 1_000
_COUNTS = 2.0**63

ModelKey = tuple[str, str]
"""Name and version, empty when unknown."""


@dataclass(slots=True)
class _Model:
    durations: Durations = _field(default_factory=Durations)
    errors: Tally = _field(default_factory=lambda: Tally(_LABELS))
    events: float = 0
    nulls: Tally = _field(default_factory=lambda: Tally(_FEATURES))
    seen: Tally = _field(default_factory=lambda: Tally(_FEATURES))
    labels: Tally = _field(default_factory=lambda: Tally(_LABELS))
    scores: list[float] = _field(default_factory=lambda: [0.0] * SCORE_BINS)
    values: deque[float] = _field(default_factory=lambda: deque(maxlen=_RECENT_VALUES))


class Statistics:
    """Adds up records in bounded memory. Not thread-safe: one thread feeds it and reads it.

    Spans and events are there at once but may be sampled; metrics count everything but come once an interval. A
    summary takes each figure from whichever has counted more so far.

    Args:
        since: Nanoseconds since 1970 from when on cumulative metrics count; 0 takes all that they ever counted.
    """

    def __init__(self, since: int = 0) -> None:
        self._models: OrderedDict[ModelKey, _Model] = OrderedDict()
        self._totals = SeriesTotals(since)
        self._others: dict[tuple[object, ...], tuple[float | None, int, float]] = {}
        self._exemplars: OrderedDict[tuple[str, str, str], tuple[str, Exemplar]] = OrderedDict()
        self._spans = self._events = self._points = 0

    def add_span(self, span: Span) -> None:
        """Counts a span; only those of model calls matter."""
        self._spans += 1
        if not is_model_span(span):
            return
        model = self._model(span.attributes)
        model.durations.add(span.seconds)
        if span.status == "error":
            model.errors.add(str(span.attributes.get(names.ERROR_TYPE, "error")))

    def add_log(self, log: Log) -> None:
        """Counts a log record; only prediction events matter."""
        self._events += bool(log.event)
        if log.event != events.EVENT_ML_PREDICTION:
            return
        model = self._model(log.attributes)
        weight = _number(log.attributes.get(names.ML_EVENT_WEIGHT), 1.0)
        weight = weight if _is_count(weight) else 1.0
        model.events += weight
        for feature in fields.features(log.attributes):
            model.seen.add(feature)
        for feature in fields.null_names(log.attributes):
            model.seen.add(feature)
            model.nulls.add(feature, weight)
        if (label := log.attributes.get(names.ML_OUTPUT_LABEL)) is not None:
            model.labels.add(str(label), weight)
        score = _number(log.attributes.get(names.ML_OUTPUT_SCORE), math.nan)
        if 0 <= score <= 1:
            model.scores[min(int(score * SCORE_BINS), SCORE_BINS - 1)] += weight
        value = _number(log.attributes.get(names.ML_OUTPUT_VALUE), math.nan)
        if math.isfinite(value):
            model.values.append(value)

    def add_point(self, point: Point) -> bool:
        """Counts a metric point.

        Returns:
            Whether it told something new.
        """
        self._points += 1
        for exemplar in point.exemplars:
            self._exemplars[point.metric, exemplar.trace_id, exemplar.span_id] = (point.metric, exemplar)
            if len(self._exemplars) > _EXEMPLARS:
                self._exemplars.popitem(last=False)
        key = model_key(point.attributes)
        if point.metric == metrics.ML_FEATURE_OBSERVATIONS.name and _is_count(point.value):
            feature = str(point.attributes.get(names.ML_FEATURE_NAME, ""))
            null = point.attributes.get(names.ML_FEATURE_BIN) == names.MlFeatureBinValues.NULL.value
            counts = (point.value if null else 0, point.value)
            return self._totals.add((point.metric, key, feature), point, counts)
        if point.metric == metrics.ML_PREDICTIONS.name and _is_count(point.value):
            label = point.attributes.get(names.ML_OUTPUT_LABEL)
            return self._totals.add((point.metric, key, label if label is None else str(label)), point, (point.value,))
        if point.metric == metrics.ML_INFERENCE_DURATION.name and len(point.buckets) == len(point.bounds) + 1:
            error = str(point.attributes.get(names.ERROR_TYPE, ""))
            return self._totals.add((point.metric, key, (error, point.bounds)), point, point.buckets)
        return self._changed(point)

    def summary(self) -> Summary:
        """The figures as of now."""
        counted: dict[ModelKey, dict[str, dict[Any, list[float]]]] = {}
        for (metric, key, detail), total in self._totals.items():
            counted.setdefault(key, {}).setdefault(metric, {})[detail] = total
        keys = [*self._models, *(key for key in counted if key not in self._models)]
        return Summary(
            models=tuple(_summarise(key, self._models.get(key) or _Model(), counted.get(key, {})) for key in keys),
            exemplars=tuple(self._exemplars.values()),
            spans=self._spans,
            events=self._events,
            points=self._points,
            refused_series=self._totals.refused,
        )

    def _changed(self, point: Point) -> bool:
        series, state = point.series, (point.value, point.count, point.total)
        known = self._others.get(series)
        if known is not None or len(self._others) < MAX_SERIES:
            self._others[series] = state
        return known != state

    def _model(self, attributes: Attributes) -> _Model:
        key = model_key(attributes)
        model = self._models.get(key)
        if model is None:
            if len(self._models) >= _MODELS:
                key = (Tally.OTHER, "")
            model = self._models.setdefault(key, _Model())
        return model


def is_model_span(span: Span) -> bool:
    """Whether a span is a model's prediction (loading a model is none)."""
    return names.ML_MODEL_NAME in span.attributes and names.ML_PREDICTION_ID in span.attributes


def model_key(attributes: Attributes) -> ModelKey:
    """Name and version of the model in a record's attributes."""
    return str(attributes.get(names.ML_MODEL_NAME, "")), str(attributes.get(names.ML_MODEL_VERSION, ""))


def _is_count(value: float | None) -> TypeGuard[float]:
    """Whether it can be one. Anybody may send; sums of these are finite."""
    return value is not None and 0 <= value < _COUNTS


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _summarise(key: ModelKey, model: _Model, counted: dict[str, dict[Any, list[float]]]) -> ModelSummary:
    by_label = {label: total[0] for label, total in counted.get(metrics.ML_PREDICTIONS.name, {}).items()}
    labels: Mapping[str, float] = model.labels
    if None not in by_label and sum(by_label.values()) >= sum(labels.values()):
        labels = {str(label): count for label, count in by_label.items()}
    latency, errors = _calls(counted.get(metrics.ML_INFERENCE_DURATION.name, {}))
    if latency is None or model.durations.count * 2 > latency.count:  # spans are finer than buckets
        latency = model.durations.percentiles()
    return ModelSummary(
        name=key[0],
        version=key[1],
        predictions=max(model.events, sum(by_label.values())),
        calls=max(model.durations.count, latency.count if latency else 0),
        errors=max(errors, model.errors, key=lambda tally: sum(tally.values())),
        latency=latency,
        nulls=_nulls(model, counted.get(metrics.ML_FEATURE_OBSERVATIONS.name, {})),
        labels=dict(sorted(labels.items(), key=lambda item: -item[1])),
        scores=tuple(model.scores) if any(model.scores) else (),
        values=_deciles(model.values),
    )


def _calls(histograms: dict[Any, list[float]]) -> tuple[Percentiles | None, dict[str, float]]:
    """Latency of all calls and the number of failed ones, from the buckets of `ml.inference.duration`."""
    by_bounds: dict[tuple[float, ...], list[float]] = {}
    errors: dict[str, float] = {}
    for (error, bounds), buckets in histograms.items():
        total = by_bounds.setdefault(bounds, [0.0] * len(buckets))
        by_bounds[bounds] = [a + b for a, b in zip(total, buckets, strict=True)]
        if error:
            errors[error] = errors.get(error, 0) + sum(buckets)
    bounds, buckets = max(by_bounds.items(), key=lambda item: sum(item[1]), default=((), []))
    return bucket_percentiles(bounds, buckets), errors


def _nulls(model: _Model, counted: dict[object, list[float]]) -> tuple[NullRate, ...]:
    rates = {}
    for feature in {*model.seen, *map(str, counted)}:
        nulls, total = counted.get(feature, (0, 0))
        # Features beyond the caps of an event are not in it: count those that are, against all events of the model.
        if total < model.events and feature in model.seen:
            nulls, total = model.nulls[feature], model.events
        rates[feature] = NullRate(feature, nulls, total)
    return tuple(sorted(rates.values(), key=lambda rate: (-rate.rate, rate.feature)))


def _deciles(values: Iterable[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    return tuple(ordered[int(q * (len(ordered) - 1))] for q in (0.1, 0.5, 0.9)) if ordered else ()

"""The same three signals with the same attributes, written against the OpenTelemetry API the way a careful engineer would.

Keys are made once, values leave numpy in one step, and nothing is done that otel-ml does beyond: no policy, no violations, no
null ratio, no guard, no bounded queue of its own.
"""

from __future__ import annotations

import time
import uuid
from math import inf
from typing import Any

import numpy as np
import sklearn
from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import Span

from benchmarks.models import CLASSES, NAME, VERSION
from benchmarks.sdk import Sdk
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.semconv.events import EVENT_ML_PREDICTION

OPERATION = "predict_proba"
MAX_FEATURES = 64
"""Feature values on a span or event: the SDK evicts a span's oldest attributes beyond 128, Loki refuses larger records."""
MAX_EVENTS = 100
"""Events of one batch: more would overflow the SDK's queue."""


class Handwritten:
    """A model with telemetry around it.

    Args:
        model: with `predict_proba`.
        features: their names, in the order of the columns.
        sdk: where the signals go.
        count_nulls: also count, feature by feature, whether the value was null: one counter call each.
    """

    def __init__(self, model: Any, features: tuple[str, ...], sdk: Sdk, *, count_nulls: bool = False) -> None:
        self._predict_proba = model.predict_proba
        self._tracer = sdk.tracer_provider.get_tracer("by-hand")
        self._logger = sdk.logger_provider.get_logger("by-hand")
        meter = sdk.meter_provider.get_meter("by-hand")
        self._duration = meter.create_histogram(
            metrics.ML_INFERENCE_DURATION.name,
            unit="s",
            explicit_bucket_boundaries_advisory=metrics.ML_INFERENCE_DURATION.boundaries,
        )
        self._predictions = meter.create_counter(metrics.ML_PREDICTIONS.name, unit="{prediction}")
        self._score = meter.create_histogram(
            metrics.ML_PREDICTION_SCORE.name,
            unit="1",
            explicit_bucket_boundaries_advisory=metrics.ML_PREDICTION_SCORE.boundaries,
        )
        self._observations = meter.create_counter(metrics.ML_FEATURE_OBSERVATIONS.name, unit="{observation}")
        self._features = features
        self._keys = tuple(f"{names.ML_FEATURE_VALUE_TEMPLATE}.{name}" for name in features[:MAX_FEATURES])
        series = {names.ML_OPERATION_NAME: OPERATION, names.ML_MODEL_NAME: NAME, names.ML_MODEL_VERSION: VERSION}
        self._series = series
        self._identity = {**series, names.ML_TASK_TYPE: "classification"}
        self._start = {
            **self._identity,
            names.ML_FRAMEWORK_NAME: "scikit-learn",
            names.ML_FRAMEWORK_VERSION: sklearn.__version__,
        }
        self._class_scores = [f"{names.ML_OUTPUT_CLASS_SCORE_TEMPLATE}.{label}" for label in CLASSES]
        self._by_label = [{**series, names.ML_OUTPUT_LABEL: label} for label in CLASSES]
        null = {names.ML_MODEL_NAME: NAME, names.ML_FEATURE_BIN: "null"}
        value = {names.ML_MODEL_NAME: NAME, names.ML_FEATURE_BIN: "value"}
        self._null_series = [{**null, names.ML_FEATURE_NAME: name} for name in features] if count_nulls else []
        self._value_series = [{**value, names.ML_FEATURE_NAME: name} for name in features]

    def predict_proba(self, X: Any) -> Any:
        """Predict, and say so: one row or many, in an array or a data frame."""
        prediction_id = str(uuid.uuid4())
        with self._tracer.start_as_current_span(
            f"{OPERATION} {NAME}", attributes={**self._start, names.ML_PREDICTION_ID: prediction_id}
        ) as span:
            began = time.perf_counter()
            result = self._predict_proba(X)
            self._duration.record(time.perf_counter() - began, self._series)
            rows = X if isinstance(X, np.ndarray) else X.to_numpy()
            if len(rows) == 1:
                self._one(span, prediction_id, rows[0].tolist(), result[0].tolist())
            else:
                self._many(span, prediction_id, rows, result)
        return result

    def predict_one(self, row: dict[str, Any]) -> Any:
        """`predict_proba` for a service that gets its row as a dict."""
        prediction_id = str(uuid.uuid4())
        with self._tracer.start_as_current_span(
            f"{OPERATION} {NAME}", attributes={**self._start, names.ML_PREDICTION_ID: prediction_id}
        ) as span:
            began = time.perf_counter()
            result = self._predict_proba(row)
            self._duration.record(time.perf_counter() - began, self._series)
            self._one(span, prediction_id, list(row.values()), result[0].tolist())
        return result

    def _one(self, span: Span, prediction_id: str, values: list[Any], scores: list[float]) -> None:
        position = max(range(len(scores)), key=scores.__getitem__)
        described = self._describe(values, scores, position)
        span.set_attributes({**described, **dict(zip(self._class_scores, scores, strict=True))})
        self._emit(prediction_id, described)
        self._score.record(scores[position], self._series)
        self._predictions.add(1, self._by_label[position])
        if self._null_series:
            for index, value in enumerate(values):
                null = value is None or value != value
                self._observations.add(1, (self._null_series if null else self._value_series)[index])

    def _many(self, span: Span, prediction_id: str, rows: np.ndarray, result: np.ndarray) -> None:
        span.set_attributes({names.ML_BATCH_SIZE: len(rows), names.ML_FEATURE_COUNT: rows.shape[1]})
        positions = result.argmax(axis=1)
        scores = result.max(axis=1)
        for index in range(min(len(rows), MAX_EVENTS)):
            described = self._describe(rows[index].tolist(), result[index].tolist(), int(positions[index]))
            self._emit(f"{prediction_id}-{index}", described)
        for score in scores.tolist():
            self._score.record(score, self._series)
        for position, count in enumerate(np.bincount(positions, minlength=len(CLASSES)).tolist()):
            if count:
                self._predictions.add(count, self._by_label[position])
        if self._null_series:
            for index, nulls in enumerate(np.isnan(rows).sum(axis=0).tolist()):
                self._observations.add(nulls, self._null_series[index])
                self._observations.add(len(rows) - nulls, self._value_series[index])

    def _describe(self, values: list[Any], scores: list[float], position: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            key: value for key, value in zip(self._keys, values, strict=False) if value is not None and value == value
        }
        found[names.ML_FEATURE_COUNT] = len(values)
        found[names.ML_FEATURE_NULL_COUNT] = sum([value is None or value != value for value in values])
        found[names.ML_FEATURE_INVALID_COUNT] = values.count(inf) + values.count(-inf)
        found[names.ML_OUTPUT_LABEL] = CLASSES[position]
        found[names.ML_OUTPUT_SCORE] = scores[position]
        return found

    def _emit(self, prediction_id: str, described: dict[str, Any]) -> None:
        now = time.time_ns()
        self._logger.emit(
            timestamp=now,
            observed_timestamp=now,
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            event_name=EVENT_ML_PREDICTION,
            attributes={**described, **self._identity, names.ML_PREDICTION_ID: prediction_id},
        )

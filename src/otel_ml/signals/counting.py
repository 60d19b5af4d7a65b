"""One call into counts and histograms. Runs under the aggregator's lock."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Protocol

from otel_ml.observation import Batch, Row
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.signals.drops import Drops
from otel_ml.signals.metrics import Instruments, Series
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Call, Prediction
from otel_ml.signals.types import batch_violations, row_violations

MAX_SCORES = 20_000
"""Scores recorded per call. The API has no batch record for histograms (7 µs a point): a larger batch is sampled evenly."""

MAX_HURRIED_SCORES = 1_000
"""The same, for a batch that has given up its rows because the queue was full."""


class Counter(Protocol):
    """Whoever counts, as seen from here."""

    worker: int | None
    drops: Drops

    def times(self, prediction: Prediction) -> float | list[float]:
        """Event time in seconds since 1970, of all rows or of each that is held."""

    def violated(self, prediction: Prediction, feature: str, kind: str, count: int) -> None:
        """Say that values broke what was expected of their feature."""


def count_call(call: Call, instruments: Instruments, pacer: Pacer, counter: Counter) -> None:
    """A point of the duration histogram; and the rows, where this call was the first on them."""
    inference = call.inference
    series: Series = inference.model.describe(inference.operation)[2]
    if counter.worker is not None:
        series = {**series, names.ML_WORKER: counter.worker}
    instruments.record_call(call.duration, inference.size, series, call.error_type, call.context)
    prediction = call.prediction
    if prediction is None:
        return
    _count_features(prediction, call.nbytes, counter)
    if prediction.error_type is None:
        _count_labels(prediction)
        for score in _scores(prediction, counter):
            instruments.score.record(score, series, call.context)
            pacer.breathe()


def _count_features(prediction: Prediction, nbytes: int, counter: Counter) -> None:
    features, schema = prediction.features, prediction.schema
    if schema is None or features is None:
        return
    counts, watch = prediction.model.counts, prediction.model.watch
    if watch is not None:  # which knows better than the first value what to expect
        counts.add(features, schema)
        positional = bool(prediction.model.info.framework)
        watch.take(prediction, features, schema.plan, counter.times(prediction), positional=positional, nbytes=nbytes)
        return
    if isinstance(features, Row):
        violations = dict.fromkeys(row_violations(features, schema), 1)
        counts.add(features, schema, violations)
    else:
        violations = batch_violations(features, schema)
        counts.add(features, schema, violations)
    for (index, kind), count in violations.items():
        counter.violated(prediction, schema.plan.safe_name(index), kind, count)


def _count_labels(prediction: Prediction) -> None:
    if not prediction.outputs:
        return
    counts, operation = prediction.model.counts, prediction.operation
    declared = prediction.model.class_labels
    remaining = prediction.size
    if prediction.output_row is not None and prediction.size == 1:
        label = prediction.output_row.label
        counts.add_prediction(operation, label if label in declared else None)
        return
    labels = next((found for outputs in prediction.outputs if (found := outputs.labels()) is not None), None)
    if labels is not None and declared:
        for label, count in collections.Counter(labels).items():
            if label is not None and label in declared:
                counts.add_prediction(operation, label, count)
                remaining -= count
    if remaining > 0:
        counts.add_prediction(operation, None, remaining)


def _scores(prediction: Prediction, counter: Counter) -> Iterator[float]:
    if prediction.output_row is not None and prediction.size == 1:
        score = prediction.output_row.score
        if score is not None and 0.0 <= score <= 1.0:
            yield score
        return
    scores = next((found for outputs in prediction.outputs if (found := outputs.scores()) is not None), None)
    if scores is None:
        return
    in_a_hurry = isinstance(prediction.features, Batch) and not prediction.features.held
    step = -(-len(scores) // (MAX_HURRIED_SCORES if in_a_hurry else MAX_SCORES))
    if step > 1:
        skipped = len(scores) - -(-len(scores) // step)
        counter.drops.add(MlDropReasonValues.CAP, MlDropSignalValues.METRIC, skipped)
    for score in scores[:: max(1, step)].tolist():
        if 0.0 <= score <= 1.0:
            yield score

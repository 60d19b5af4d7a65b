"""Metrics: one process-wide set of instruments over whatever models there are.

What would cost an SDK call per feature is observed from counts when a reader collects. A second observable instrument of the
same name would lose its callback silently, so each provider gets one set, and the set asks for the present `Source`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from otel_ml import guard
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.semconv.attributes import MlFeatureBinValues
from otel_ml.semconv.metric import Metric

if TYPE_CHECKING:
    from otel_ml.models import Model
    from otel_ml.monitoring.watch import Watch

Series = Mapping[str, str | int]
NO_TRACE = Context({"otel-ml": "no trace"})  # not empty: the SDK would take the current one


class Source(Protocol):
    """Where the observed numbers come from."""

    @property
    def worker(self) -> int | None:
        """The ordinal on every metric, where processes share an instance id."""

    def settle(self) -> None:
        """Count everything that is queued, so that a collection (the last one above all) is complete."""

    def models(self) -> list[Model]:
        """Models to report."""

    def watched(self) -> list[Watch]:
        """Models beside their baselines."""

    def active(self) -> list[tuple[Series, int]]:
        """Calls in flight."""

    def dropped(self) -> list[tuple[Series, int]]:
        """What was dropped so far."""


class Instruments:
    """The ``ml.*`` instruments of one meter."""

    def __init__(self, meter: Meter, source: Callable[[], Source | None]) -> None:
        self._source = source
        self.duration = _histogram(meter, metrics.ML_INFERENCE_DURATION)
        self.batch_size = _histogram(meter, metrics.ML_BATCH_SIZE)
        self.score = _histogram(meter, metrics.ML_PREDICTION_SCORE)
        # The first one settles the queue: the SDK runs the callbacks in the order of creation.
        self._observe(meter.create_observable_counter, metrics.ML_PREDICTIONS, self._predictions, settle=True)
        self._observe(meter.create_observable_counter, metrics.ML_FEATURE_OBSERVATIONS, self._features)
        self._observe(
            meter.create_observable_counter,
            metrics.ML_PREDICTION_OBSERVATIONS,
            _of(lambda watch: watch.tally.outputs()),
        )
        self._observe(meter.create_observable_gauge, metrics.ML_FEATURE_NULL_RATIO, self._null_ratios)
        self._observe(meter.create_observable_counter, metrics.ML_FEATURE_VIOLATIONS, self._violations)
        self._observe(meter.create_observable_gauge, metrics.ML_DRIFT_SCORE, _of(lambda watch: watch.gauges.scores()))
        self._observe(meter.create_observable_gauge, metrics.ML_DRIFT_NOISE, _of(lambda watch: watch.gauges.noise()))
        self._observe(meter.create_observable_gauge, metrics.ML_DRIFT_ALARM, _of(lambda watch: watch.gauges.alarms()))
        self._observe(
            meter.create_observable_gauge, metrics.ML_DRIFT_FEATURES, _of(lambda watch: watch.gauges.features())
        )
        self._observe(
            meter.create_observable_gauge, metrics.ML_MODEL_AGE, _of(lambda watch: watch.gauges.age(time.time()))
        )
        self._observe(meter.create_observable_up_down_counter, metrics.ML_INFERENCE_ACTIVE, lambda s: s.active())
        self._observe(meter.create_observable_counter, metrics.ML_TELEMETRY_ERRORS, self._errors)
        self._observe(meter.create_observable_counter, metrics.ML_TELEMETRY_DROPPED, lambda s: s.dropped())

    def record_call(
        self, duration: float, batch_size: int, attributes: Series, error_type: str | None, context: Context
    ) -> None:
        """One finished call. The context makes it an exemplar of its trace."""
        if error_type is not None:
            attributes = {**attributes, names.ERROR_TYPE: error_type}
        self.duration.record(duration, attributes, context)
        self.batch_size.record(batch_size, attributes, NO_TRACE)  # an exemplar of a size serves nobody

    def _observe(
        self,
        create: Callable[..., object],
        metric: Metric,
        read: Callable[[Source], Iterable[tuple[Series, float]]],
        settle: bool = False,
    ) -> None:
        def callback(_: CallbackOptions) -> Iterator[Observation]:
            source = self._source()
            if source is None:
                return
            if settle:
                source.settle()
            worker = {} if source.worker is None else {names.ML_WORKER: source.worker}
            for attributes, value in read(source):
                yield Observation(value, {**attributes, **worker})

        create(metric.name, callbacks=[callback], unit=metric.unit, description=metric.description)

    @staticmethod
    def _predictions(source: Source) -> Iterator[tuple[Series, int]]:
        for models in _namesakes(source.models()):
            totals: Counter[tuple[str, str | None]] = Counter()
            for model in models:
                totals.update(model.counts.predictions)
            for (operation, label), count in totals.items():
                series: dict[str, str | int] = {names.ML_OPERATION_NAME: operation, **models[0].model_attributes()}
                if label is not None:
                    series[names.ML_OUTPUT_LABEL] = label
                yield series, count

    @staticmethod
    def _features(source: Source) -> Iterator[tuple[Series, int]]:
        for model in source.models():
            common = model.model_attributes()
            counted = model.watch.tally.named if model.watch is not None else frozenset()
            if model.identity.baseline is not None:
                common[names.ML_BASELINE_ID] = model.identity.baseline
            for name, total in list(model.counts.features.items()):
                if name in counted:  # over the bins of the baseline, below
                    continue
                yield (
                    {**common, names.ML_FEATURE_NAME: name, names.ML_FEATURE_BIN: MlFeatureBinValues.VALUE.value},
                    total.values,
                )
                # also while it is zero: a rate over a series that starts with its first null would miss that null
                yield (
                    {**common, names.ML_FEATURE_NAME: name, names.ML_FEATURE_BIN: MlFeatureBinValues.NULL.value},
                    total.nulls,
                )
        for watch in source.watched():
            yield from watch.tally.features()

    @staticmethod
    def _null_ratios(source: Source) -> Iterator[tuple[Series, float]]:
        for models in _namesakes(source.models()):
            rows: Counter[str] = Counter()
            nulls: Counter[str] = Counter()
            for model in models:
                for name, more, without in model.counts.recent():
                    rows[name] += more
                    nulls[name] += without
            for name, count in rows.items():
                if count:
                    yield {**models[0].model_attributes(), names.ML_FEATURE_NAME: name}, nulls[name] / count

    @staticmethod
    def _violations(source: Source) -> Iterator[tuple[Series, int]]:
        for model in source.models():
            common = model.model_attributes()
            for (name, kind), count in list(model.counts.violations.items()):
                yield {**common, names.ML_FEATURE_NAME: name, names.ML_VIOLATION_TYPE: kind}, count
        for watch in source.watched():
            for (name, kind), count in list(watch.violations.items()):
                yield {**watch.attributes, names.ML_FEATURE_NAME: name, names.ML_VIOLATION_TYPE: kind}, count

    @staticmethod
    def _errors(_: Source) -> Iterator[tuple[Series, int]]:
        for site, count in guard.counts().items():
            yield {names.ML_ERROR_SITE: site}, count


def _of(read: Callable[[Watch], Iterable[tuple[Series, float]]]) -> Callable[[Source], Iterator[tuple[Series, float]]]:
    """What all watches tell."""

    def points(source: Source) -> Iterator[tuple[Series, float]]:
        for watch in source.watched():
            yield from read(watch)

    return points


def _namesakes(models: Iterable[Model]) -> Iterable[list[Model]]:
    """Models by what their metrics carry: with two baselines, one model has series in common."""
    found: dict[tuple[tuple[str, str], ...], list[Model]] = {}
    for model in models:
        found.setdefault(tuple(model.model_attributes().items()), []).append(model)
    return found.values()


def _histogram(meter: Meter, metric: Metric):  # type: ignore[no-untyped-def]
    return meter.create_histogram(
        metric.name,
        unit=metric.unit,
        description=metric.description,
        explicit_bucket_boundaries_advisory=metric.boundaries,
    )

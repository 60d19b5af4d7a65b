"""Running statistics from spans, events and metrics."""

from __future__ import annotations

import pytest

from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.service.records import Exemplar
from otel_ml.service.statistics import Statistics
from otel_ml.service.summary import ModelSummary
from tests.service.build import counter, event, feature, histogram, span


def only(statistics: Statistics) -> ModelSummary:
    [model] = statistics.summary().models
    return model


def nulls(model: ModelSummary) -> dict[str, tuple[float, float]]:
    return {rate.feature: (rate.nulls, rate.total) for rate in model.nulls}


def test_null_rates_are_summed_over_bins_and_follow_the_newest_point() -> None:
    statistics = Statistics()
    for time, null, low, high in ((1, 1, 5, 4), (2, 2, 10, 8)):
        statistics.add_point(feature("age", "null", null, time))
        statistics.add_point(feature("age", "00", low, time))
        statistics.add_point(feature("age", "01", high, time))
    statistics.add_point(feature("zip", "value", 20, 2))
    model = only(statistics)
    assert (model.name, model.version) == ("m", "1")
    assert nulls(model) == {"age": (2, 20), "zip": (0, 20)}
    assert [(rate.feature, rate.rate) for rate in model.nulls] == [("age", 0.1), ("zip", 0.0)]


def test_null_rates_come_from_events_until_metrics_have_counted_as_many() -> None:
    statistics = Statistics()
    statistics.add_log(event("1", "s", ml__feature__value__age=3, ml__feature__null__names=["zip"]))
    statistics.add_log(event("2", "s", ml__feature__value__age=3, ml__feature__value__zip="x"))
    assert nulls(only(statistics)) == {"zip": (1, 2), "age": (0, 2)}
    statistics.add_point(feature("zip", "null", 1, 1))
    assert nulls(only(statistics))["zip"] == (1, 2), "one of two counted so far"
    statistics.add_point(feature("zip", "value", 9, 2))
    assert nulls(only(statistics))["zip"] == (1, 10)


def test_events_that_stand_for_several_predictions_weigh_as_many() -> None:
    statistics = Statistics()
    statistics.add_log(event("1", "s", ml__output__label="yes", ml__output__score=0.97, ml__event__weight=10.0))
    statistics.add_log(event("2", "s", ml__output__label="no", ml__output__score=1.0))
    model = only(statistics)
    assert model.predictions == 11
    assert list(model.labels.items()) == [("yes", 10), ("no", 1)]
    assert model.scores == (0.0,) * 19 + (11.0,)


def test_predictions_by_class_come_from_metrics_where_events_are_sampled() -> None:
    statistics = Statistics()
    statistics.add_log(event("1", "s", ml__output__label="yes"))
    for label, number in (("yes", 70), ("no", 30)):
        statistics.add_point(counter(metrics.ML_PREDICTIONS, number, 1, ml__output__label=label))
    model = only(statistics)
    assert (model.predictions, dict(model.labels)) == (100, {"yes": 70, "no": 30})


def test_undeclared_classes_are_known_from_events_only() -> None:
    statistics = Statistics()
    statistics.add_log(event("1", "s", ml__output__label="yes"))
    statistics.add_point(counter(metrics.ML_PREDICTIONS, 100, 1))
    model = only(statistics)
    assert (model.predictions, dict(model.labels)) == (100, {"yes": 1})


def test_latency_comes_from_spans_and_from_the_histogram_where_spans_are_sampled() -> None:
    statistics = Statistics()
    statistics.add_span(span("s", prediction="1", end=2_001_000))
    latency = only(statistics).latency
    assert latency is not None
    assert latency.source == "spans"
    assert latency.p50 == pytest.approx(0.002, rel=0.0101)
    statistics.add_point(histogram(metrics.ML_INFERENCE_DURATION, (0.001, 0.01), (90, 10, 0), 1))
    model = only(statistics)
    assert model.latency is not None
    assert (model.latency.source, model.latency.count, model.calls) == ("histogram", 100, 100)


def test_failed_calls_are_counted_by_type() -> None:
    statistics = Statistics()
    statistics.add_span(span("s", prediction="1", status="error", attributes={names.ERROR_TYPE: "ValueError"}))
    assert only(statistics).errors == {"ValueError": 1}
    statistics.add_point(histogram(metrics.ML_INFERENCE_DURATION, (1.0,), (3, 0), 1, error__type="ValueError"))
    statistics.add_point(histogram(metrics.ML_INFERENCE_DURATION, (1.0,), (9, 0), 1))
    model = only(statistics)
    assert (model.errors, model.calls) == ({"ValueError": 3}, 12)


def test_numeric_outputs_have_deciles_and_ignore_what_is_no_number() -> None:
    statistics = Statistics()
    for value in [*range(101), float("nan"), True, "7"]:
        statistics.add_log(event("1", "s", ml__output__value=value))
    assert only(statistics).values == (10, 50, 90)


def test_exemplars_are_kept_once() -> None:
    exemplar = Exemplar("a" * 32, "b" * 16, 0.5, 7)
    statistics = Statistics()
    for time in (1, 2):
        statistics.add_point(histogram(metrics.ML_INFERENCE_DURATION, (1.0,), (time, 0), time, (exemplar,)))
    assert statistics.summary().exemplars == ((metrics.ML_INFERENCE_DURATION.name, exemplar),)


def test_says_which_points_are_new() -> None:
    statistics = Statistics()
    assert statistics.add_point(feature("age", "null", 1, 1))
    assert not statistics.add_point(feature("age", "null", 1, 2))
    assert statistics.add_point(feature("age", "null", 2, 3))
    for metric in (metrics.ML_TELEMETRY_DROPPED, metrics.ML_FEATURE_NULL_RATIO):
        assert [statistics.add_point(counter(metric, value, 1)) for value in (3, 3, 4)] == [True, False, True]


def test_other_spans_and_logs_are_received_and_no_model() -> None:
    statistics = Statistics()
    statistics.add_span(span("s"))
    statistics.add_log(event("1", "s", trace="b" * 32))
    summary = statistics.summary()
    assert (summary.spans, summary.events, len(summary.models)) == (1, 1, 1)
    assert summary.models[0].calls == 0


def test_a_hostile_sender_cannot_fill_the_memory() -> None:
    statistics = Statistics()
    for number in range(3_000):
        statistics.add_log(event("1", "s", ml__model__name=f"m{number}", ml__output__label=f"l{number}"))
    summary = statistics.summary()
    assert len(summary.models) <= 201
    assert sum(model.predictions for model in summary.models) == 3_000
    assert max(len(model.labels) for model in summary.models) <= 1_001


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 1e300])
def test_what_cannot_be_a_count_counts_nothing(number: float) -> None:
    statistics = Statistics()
    statistics.add_log(event("1", "s", ml__output__label="yes", ml__event__weight=number))
    statistics.add_point(counter(metrics.ML_PREDICTIONS, number, 1, ml__output__label="yes"))
    statistics.add_point(feature("age", "null", number, 1))
    model = only(statistics)
    assert (model.predictions, dict(model.labels), nulls(model)) == (1, {"yes": 1}, {})


def test_buckets_without_as_many_bounds_count_nothing() -> None:
    statistics = Statistics()
    for buckets in ((1, 2), (1, 2, 3), (1,), ()):
        statistics.add_point(histogram(metrics.ML_INFERENCE_DURATION, (1.0,), buckets, 1, error__type=str(buckets)))
    assert only(statistics).errors == {"(1, 2)": 3}

"""Which model a prediction belongs to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import otel_ml
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]])


@pytest.fixture
def model() -> LogisticRegression:
    return LogisticRegression().fit(ROWS, [0, 1, 1])


def names(telemetry: Telemetry) -> list[str]:
    return [span.name for span in telemetry.spans()]


def test_a_registration_before_instrument_holds_and_after_another_configuration_too(
    telemetry: Telemetry, instrument: Instrument, model: LogisticRegression
) -> None:
    otel_ml.register_model(model, "churn", version="3", alias="champion")
    instrument()
    model.predict(ROWS[:1])
    instrument(events="off")
    model.predict(ROWS[:1])
    assert names(telemetry) == ["predict churn", "predict churn"]
    assert (telemetry.spans()[0].attributes or {})["ml.model.alias"] == "champion"


def test_a_registration_ends_with_its_object(
    telemetry: Telemetry, instrument: Instrument, model: LogisticRegression
) -> None:
    instrument()
    otel_ml.register_model(model, "churn")
    other = LogisticRegression().fit(ROWS, [0, 1, 1])
    model.predict(ROWS[:1])
    other.predict(ROWS[:1])
    assert names(telemetry)[0] == "predict churn"
    assert names(telemetry)[1].startswith("predict LogisticRegression-")


def test_a_wrong_registration_is_refused_even_while_nothing_is_instrumented(model: LogisticRegression) -> None:
    with pytest.raises(otel_ml.ConfigError, match="allowed are champion"):
        otel_ml.register_model(model, "churn", alias="zzz")
    with pytest.raises(otel_ml.ConfigError, match="held weakly"):
        otel_ml.register_model(3, "churn")
    with pytest.raises(otel_ml.ConfigError, match="non-empty"):
        otel_ml.register_model(model, " ")


def test_the_environment_names_the_model_of_a_service_that_has_one(
    telemetry: Telemetry, instrument: Instrument, model: LogisticRegression
) -> None:
    instrument(model_name="churn", model_version="7")
    model.predict(ROWS[:1])
    attributes = dict(telemetry.spans()[0].attributes or {})
    assert (attributes["ml.model.name"], attributes["ml.model.version"]) == ("churn", "7")


def test_a_version_without_a_name_is_used_too(
    telemetry: Telemetry, instrument: Instrument, model: LogisticRegression
) -> None:
    instrument(model_version="7")
    model.predict(ROWS[:1])
    assert (telemetry.spans()[0].attributes or {})["ml.model.version"] == "7"


def test_predict_and_predict_proba_of_the_same_batch_are_one_prediction_and_of_another_two(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    from opentelemetry import trace

    instrument()
    rows = np.random.default_rng(0).normal(size=(1000, 2))
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    with trace.get_tracer("test").start_as_current_span("request"):
        model.predict(rows)
        model.predict_proba(rows)
        model.predict_log_proba(rows.copy())
        changed = rows.copy()
        changed[1:62] += 100
        model.decision_function(changed)
    ids = [(span.attributes or {}).get("ml.prediction.id") for span in telemetry.spans() if span.name != "request"]
    assert len(ids) == 4
    assert len(set(ids[:3])) == 1
    assert ids[3] != ids[0]
    assert sum(point.value for point in telemetry.metric("ml.predictions")) == 2000


def test_a_failed_call_is_joined_by_none(telemetry: Telemetry, instrument: Instrument) -> None:
    from opentelemetry import trace

    instrument()

    class Fragile(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no annotations
        def predict(self, X: object) -> object:
            raise ValueError

    model = Fragile().fit(ROWS, [0, 1, 1])
    with trace.get_tracer("test").start_as_current_span("request"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            model.predict(ROWS[:1])
        model.predict_proba(ROWS[:1])
    first, second = telemetry.events("ml.prediction")
    assert first.attributes is not None
    assert second.attributes is not None
    assert first.attributes["error.type"] == "ValueError"
    assert "ml.output.score" not in first.attributes
    assert "error.type" not in second.attributes
    assert sum(point.value for point in telemetry.metric("ml.predictions")) == 1


def test_a_refitted_model_has_its_new_classes(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    model = LogisticRegression().fit(ROWS, ["no", "yes", "yes"])
    model.predict(ROWS[1:2])
    model.fit(ROWS, ["cold", "warm", "warm"])
    model.predict(ROWS[1:2])
    labels = {point.attributes["ml.output.label"] for point in telemetry.metric("ml.predictions")}
    assert labels == {"yes", "warm"}


def test_identities_are_bounded_and_the_log_says_so_once(
    telemetry: Telemetry, instrument: Instrument, caplog: pytest.LogCaptureFixture
) -> None:
    instrument(events="off")
    for number in range(250):
        with otel_ml.inference(f"model-{number}") as call:
            call.input({"x": 1.0})
    found = {point.attributes["ml.model.name"] for point in telemetry.metric("ml.inference.duration")}
    assert len(found) <= 201
    assert sum(point.count or 0 for point in telemetry.metric("ml.inference.duration")) == 250
    assert [record.getMessage() for record in caplog.records if "200 models" in record.getMessage()] == [
        "otel-ml has met 200 models: all further ones are counted as one, 'other', and are not watched for drift"
    ]


def test_a_vector_is_many_rows_for_a_model_of_one_feature(telemetry: Telemetry, instrument: Instrument) -> None:
    from sklearn.isotonic import IsotonicRegression

    instrument()
    IsotonicRegression().fit([1, 2, 3, 4], [1, 2, 3, 4]).predict([1.5, 2.5, 3.5])
    LinearRegression().fit(ROWS, [0, 1, 2]).predict(ROWS)
    assert [(span.attributes or {})["ml.batch.size"] for span in telemetry.spans()] == [3, 3]

"""A model that is registered with the baseline of another one: said at once, where it is seen, and nothing is refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import otel_ml
from otel_ml import registrations
from otel_ml.drift import Baseline
from tests.monitoring import examples

CARD = "4111 1111 1111 1111"


def fitted(*names: str) -> Any:
    rows = pd.DataFrame([[0.0] * len(names), [1.0] * len(names)], columns=list(names))
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, [0, 1])


def registered(model: Any, baseline: Baseline) -> list[str]:
    """What is said of it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        otel_ml.register_model(model, "churn", baseline=baseline)
    assert {warning.filename for warning in said} <= {__file__}, "it points at the line that registers"
    assert registrations.find(model) is not None
    return [str(warning.message) for warning in said]


def test_the_baseline_of_another_model_is_said_with_some_names() -> None:
    (said,) = registered(fitted("bmi", "bp", "s1", "s2", "s3", "s4"), examples.baseline())
    assert "register_model('churn')" in said
    assert (
        "is it another model's? the baseline has age, plan, email; the model was fitted with bmi, bp, s1, s2, s3, …"
        in said
    )


def test_a_name_that_looks_like_a_secret_is_not_said() -> None:
    (said,) = registered(fitted("bmi", CARD), examples.baseline())
    assert "fitted with bmi" in said
    assert CARD not in said
    assert registered(fitted(CARD), examples.baseline()) == []


@pytest.mark.parametrize(
    "model",
    [
        fitted("bmi", "age"),
        fitted("f0", "f1", "f2"),
        LogisticRegression().fit([[0.0], [1.0]], [0, 1]),
        type("Own", (), {})(),
        type("Odd", (), {"feature_names_in_": property(lambda self: 1 / 0)})(),
    ],
    ids=["one in common", "by position", "no names", "no estimator", "fails when asked"],
)
def test_nothing_is_said_where_names_do_not_tell(model: Any) -> None:
    assert registered(model, examples.baseline()) == []


def test_a_baseline_of_outputs_alone_fits_every_model() -> None:
    outputs = examples.baseline().variables[-2:]
    assert registered(fitted("bmi"), Baseline("0123456789ab", examples.ROWS, outputs)) == []


def test_predictions_go_on(watched: Callable[..., object]) -> None:
    watched()
    model = fitted("bmi")
    with pytest.warns(UserWarning, match="another model's"):
        otel_ml.register_model(model, "churn", baseline=examples.baseline())
    assert model.predict(pd.DataFrame({"bmi": [1.0]})) == [1]

"""What holds for every estimator of scikit-learn that predicts."""

from __future__ import annotations

import copy
import functools
import io
import pickle
from typing import Any

import cloudpickle
import joblib
import pytest
from sklearn.base import BaseEstimator, clone

import otel_ml
from tests.frameworks.estimators import CLASSES, PREDICTIONS, Outcome, assert_same, entries, fitted

NONSENSE = [["no", "number"], ["nor", "this"]]


def outcomes(estimator: Any, rows: Any) -> dict[str, Outcome]:
    found = {}
    for name in PREDICTIONS:
        if hasattr(estimator, name):
            method = getattr(estimator, name)
            found[name] = Outcome.of(functools.partial(method, rows))
            found[f"{name} of nonsense"] = Outcome.of(functools.partial(method, NONSENSE))
            found[f"{name} of nothing"] = Outcome.of(method)
    return found


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # deprecated classes are estimators too
def test_every_estimator(name: str, telemetry: Any) -> None:
    estimator, rows = fitted(name)
    expected = outcomes(estimator, rows)
    signature = {key: value for key, value in vars(type(estimator)).items() if key.startswith("set_")}
    otel_ml.instrument()
    try:
        observed = outcomes(estimator, rows)
        spans = [span.name.partition(" ")[0] for span in telemetry.spans()]
        methods = [method for method in PREDICTIONS if hasattr(estimator, method)]
        assert spans == [method for method in methods for _ in range(3)], "exactly one span a call, failed or not"
        assert_same(observed, expected)
        copies = copied(estimator)
        for model in copies.values():
            assert_same(outcomes(model, rows), expected, exact=False)
        for method in methods:
            bound = pickle.loads(pickle.dumps(getattr(estimator, method)))
            assert_same(Outcome.of(functools.partial(bound, rows)), expected[method], exact=False)
        assert type(clone(estimator)) is type(estimator)
        assert {key: value for key, value in vars(type(estimator)).items() if key.startswith("set_")} == signature
        pickled = pickle.dumps(estimator)
    finally:
        otel_ml.uninstrument()
    telemetry.clear()
    assert_same(outcomes(pickle.loads(pickled), rows), expected, exact=False)
    assert not telemetry.spans()


def copied(estimator: Any) -> dict[str, Any]:
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return {
        "pickle": pickle.loads(pickle.dumps(estimator)),
        "joblib": joblib.load(buffer),
        "cloudpickle": pickle.loads(cloudpickle.dumps(estimator)),
        "deepcopy": copy.deepcopy(estimator),
    }


def test_uninstrument_restores_every_entry_of_every_class(telemetry: Any) -> None:
    for name in CLASSES:
        fitted(name)
    before = entries(BaseEstimator)
    otel_ml.instrument()
    during = entries(BaseEstimator)
    otel_ml.uninstrument()
    assert len([key for key, value in before.items() if during[key] != value]) > 300
    assert entries(BaseEstimator) == before

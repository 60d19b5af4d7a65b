"""What others see of an instrumented class."""

from __future__ import annotations

import inspect
import pickle
import pydoc
from collections.abc import Iterator
from typing import Any

import cloudpickle
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import otel_ml
from tests.frameworks.spans import operations

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


class Before(LogisticRegression):
    """Derived before anything is instrumented, and calls its parent."""

    def predict(self, X: Any) -> Any:
        return super().predict(X)[::-1]


def test_signature_help_and_names_stay(telemetry: Any) -> None:
    def seen() -> list[object]:
        methods = [LogisticRegression.predict_proba, Pipeline.predict, GaussianNB.fit, Before.predict, Before().predict]
        return [
            part
            for method in methods
            for part in (
                inspect.signature(method),
                pydoc.render_doc(method),
                method.__name__,
                method.__qualname__,
                method.__module__,
                inspect.getsource(method),
            )
        ]

    before = seen()
    otel_ml.instrument()
    try:
        assert seen() == before
    finally:
        otel_ml.uninstrument()


@pytest.fixture
def routing() -> Iterator[None]:
    sklearn.set_config(enable_metadata_routing=True)
    yield
    sklearn.set_config(enable_metadata_routing=False)


@pytest.mark.usefixtures("routing")
def test_metadata_routing_works_for_classes_of_before_and_after(instrumented: Any) -> None:
    class Threshold(ClassifierMixin, BaseEstimator):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Threshold:
            self.classes_ = np.unique(y)
            return self

        def predict(self, X: Any, at: float = 0.0) -> Any:
            return self.classes_[(X[:, 0] > at).astype(int)]

    model = Threshold().set_predict_request(at=True).set_fit_request(sample_weight=True)
    pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    assert set(pipeline.predict(X, at=100.0)) == {0}
    assert operations(instrumented) == ["predict"]


@pytest.mark.parametrize(
    "estimator", [GaussianNB(), LogisticRegression(), StandardScaler()], ids=lambda e: type(e).__name__
)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_pass(instrumented: Any, estimator: Any) -> None:
    checks = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(checks) > 20
    assert [check["check_name"] for check in checks if check["status"] == "failed"] == []
    instrumented.clear()


def test_pickles_are_the_same_bytes(telemetry: Any) -> None:
    model = make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)
    before = pickle.dumps(model), cloudpickle.dumps(model)
    otel_ml.instrument()
    try:
        model.predict(X)
        assert (pickle.dumps(model), cloudpickle.dumps(model)) == before
    finally:
        otel_ml.uninstrument()

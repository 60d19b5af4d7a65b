"""Workers of joblib know that they work for an outer call, or that they do not."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from otel_ml.context import is_active
from tests.frameworks.spans import operations

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


class Parts(ClassifierMixin, BaseEstimator):
    """A meta-estimator of the user's that asks its parts in parallel, with joblib itself."""

    def __init__(self, backend: str = "threading") -> None:
        self.backend = backend

    def fit(self, X: Any, y: Any) -> Parts:
        self.parts_ = [GaussianNB().fit(X, y), LogisticRegression().fit(X, y)]
        self.classes_ = self.parts_[0].classes_
        return self

    def predict(self, X: Any) -> Any:
        with joblib.Parallel(n_jobs=2, backend=self.backend) as parallel:
            votes = parallel([joblib.delayed(part.predict)(X) for part in self.parts_])
        return np.max(votes, axis=0)

    def decision_function(self, X: Any) -> Any:
        return joblib.Parallel(n_jobs=2, backend=self.backend)(joblib.delayed(is_active)() for _ in range(3))


def test_a_forest_that_asks_its_trees_in_threads(instrumented: Any) -> None:
    forest = RandomForestClassifier(30, n_jobs=4, random_state=0).fit(X, y)
    expected = RandomForestClassifier(30, n_jobs=1, random_state=0).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(forest.predict_proba(X), expected)
    assert operations(instrumented) == ["predict_proba"] * 2


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_estimators_that_ask_their_parts_in_workers(instrumented: Any, backend: str) -> None:
    with joblib.parallel_config(backend, n_jobs=2):
        BaggingClassifier(LogisticRegression(), 4, n_jobs=2).fit(X, y).predict(X)
    assert operations(instrumented) == ["predict"]


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_users_estimator_that_asks_its_parts_in_workers(instrumented: Any, backend: str) -> None:
    model = Parts(backend).fit(X, y)
    assert set(model.predict(X)) <= {0, 1}
    assert model.decision_function(X) == [True, True, True], "the workers know that they are inside of a prediction"
    assert operations(instrumented) == ["predict", "decision_function"]


def test_predictions_that_a_program_makes_in_workers_all_count(instrumented: Any) -> None:
    model = GaussianNB().fit(X, y)
    joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(model.predict)(X) for _ in range(3))
    assert operations(instrumented) == ["predict"] * 3

"""What is predicted with: an estimator that does almost nothing, a small real one, and rows for both."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAME, VERSION = "churn", "3"
CLASSES = ("stays", "leaves")
FEATURES = 30


class Tiny(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier whose answer is ready: what a call costs beyond it is telemetry."""

    def __init__(self, rows: int = 1) -> None:
        self.rows = rows
        self.classes_ = np.array(CLASSES)
        self._answer = np.tile(np.array([[0.31, 0.69]]), (rows, 1))

    def fit(self, X: Any, y: Any = None) -> Tiny:
        return self

    def predict_proba(self, X: Any) -> Any:
        return self._answer


def real(features: int = FEATURES) -> Any:
    """Return a fitted pipeline of a scaler and a logistic regression, as light as real models get."""
    X = matrix(500, features)
    y = np.array(CLASSES)[(X[:, 0] + X[:, 1] > 0).astype(int)]
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(X, y)


def matrix(rows: int = 1, features: int = FEATURES) -> np.ndarray:
    """Return numbers of shape (rows, features), the same each time."""
    return np.random.default_rng(7).normal(size=(rows, features))


def feature_names(features: int = FEATURES) -> tuple[str, ...]:
    """Return the names that otel-ml, too, gives to the columns of an array."""
    return tuple(f"f{index}" for index in range(features))

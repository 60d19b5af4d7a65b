"""What a model tells about itself without being called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from otel_ml.frameworks.sklearn.describe import MAX_CLASSES, describe
from tests.frameworks.estimators import CLASSES, fitted

FRAME = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 2.0, 2.0, 3.0]})
LABELS = ["no", "yes", "no", "yes"]
NUMBERS = [1.0, 2.0, 3.0, 4.0]

columns = ColumnTransformer([("scale", StandardScaler(), ["age", "income"])]).set_output(transform="pandas")

MODELS: dict[str, tuple[Any, str, str | None, tuple[object, ...] | None]] = {
    "classifier": (LogisticRegression().fit(FRAME, LABELS), "LogisticRegression", "classification", ("no", "yes")),
    "regressor": (LinearRegression().fit(FRAME, NUMBERS), "LinearRegression", "regression", None),
    "clusters": (KMeans(2).fit(FRAME), "KMeans", "clustering", None),
    "mixture": (GaussianMixture().fit(FRAME), "GaussianMixture", "clustering", None),
    "outliers": (IsolationForest(n_estimators=2).fit(FRAME), "IsolationForest", "anomaly_detection", None),
    "density": (KernelDensity().fit(FRAME), "KernelDensity", None, None),
    "pipeline": (
        make_pipeline(columns, make_pipeline(StandardScaler(), LogisticRegression())).fit(FRAME, LABELS),
        "LogisticRegression",
        "classification",
        ("no", "yes"),
    ),
    "search": (
        GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2).fit(FRAME, LABELS),
        "LogisticRegression",
        "classification",
        ("no", "yes"),
    ),
    "target": (
        TransformedTargetRegressor(LinearRegression()).fit(FRAME, NUMBERS),
        "LinearRegression",
        "regression",
        None,
    ),
    "threshold": (
        FixedThresholdClassifier(LogisticRegression(), pos_label="yes").fit(FRAME, LABELS),
        "LogisticRegression",
        "classification",
        ("no", "yes"),
    ),
    "frozen": (
        FrozenEstimator(LogisticRegression().fit(FRAME, LABELS)),
        "LogisticRegression",
        "classification",
        ("no", "yes"),
    ),
    "forest": (RandomForestClassifier(3).fit(FRAME, [0, 1, 0, 1]), "RandomForestClassifier", "classification", (0, 1)),
}


@pytest.mark.parametrize("kind", MODELS)
def test_class_task_classes_and_names(kind: str) -> None:
    model, class_name, task, classes = MODELS[kind]
    info = describe(model)
    assert (info.class_name, info.task, info.classes) == (class_name, task, classes)
    assert info.classes is None or {type(item) for item in info.classes} <= {int, str}
    assert info.feature_names == ("age", "income")
    assert (info.framework, info.framework_version) == ("scikit-learn", sklearn.__version__)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # deprecated classes are estimators too
def test_every_estimator_can_be_described_fitted_or_not(name: str) -> None:
    estimator, _ = fitted(name)
    for model in (estimator, object.__new__(CLASSES[name])):
        assert describe(model).framework == "scikit-learn"


def test_names_of_what_a_pipeline_computes_are_not_its_input() -> None:
    unnamed = Pipeline([("scale", StandardScaler().set_output(transform="pandas")), ("model", LinearRegression())])
    unnamed.fit(FRAME.to_numpy(), NUMBERS)
    assert describe(unnamed).feature_names is None


def test_classes_of_several_outputs_or_too_many_are_left_out() -> None:
    both = MultiOutputClassifier(LogisticRegression()).fit(FRAME, np.array([[0, 1], [1, 0], [0, 0], [1, 1]]))
    assert describe(both).classes is None
    model = LogisticRegression()
    model.classes_ = np.arange(MAX_CLASSES + 1)
    assert describe(model).classes is None


def test_odd_estimators() -> None:
    class Odd(BaseEstimator):
        classes_ = property(lambda self: 1 / 0)
        feature_names_in_ = 7

        def __sklearn_tags__(self) -> Any:
            raise RuntimeError("no tags")

        def predict(self, X: Any) -> Any:
            raise AssertionError("describing must not call the model")

    looped = Pipeline([("a", StandardScaler())])
    looped.steps.append(("self", looped))
    for model in (Odd(), looped, Pipeline([]), Pipeline([("a", "passthrough")]), GridSearchCV(Odd(), {}), object()):
        info = describe(model)
        assert info.classes is None
        assert info.feature_names is None
        assert info.task is None or isinstance(info.task, str)
    assert describe(Odd()).class_name == "Odd"


def test_a_library_that_derives_from_scikit_learn_is_named_itself() -> None:
    derived = type("XGBClassifier", (LogisticRegression,), {"__module__": "xgboost.sklearn"})
    assert describe(derived()).framework == "xgboost"

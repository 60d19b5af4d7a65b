"""What scikit-learn really returns, against what its own predict says."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from otel_ml.observation import read_outputs

X, Y = make_classification(n_samples=80, n_classes=3, n_informative=5, random_state=0)
NAMES = np.array(["low", "mid", "high"])


@pytest.mark.parametrize(
    "y", [Y, NAMES[Y], Y.astype(float), Y == 1, NAMES[Y].astype(object)], ids=["int", "str", "float", "bool", "object"]
)
def test_every_operation_of_a_classifier_gives_the_predicted_label(y: Any) -> None:
    model = LogisticRegression(max_iter=1_000).fit(X, y)
    expected = read_outputs(model.predict(X), operation="predict", classes=model.classes_).labels()
    assert expected is not None
    for operation in ("predict_proba", "predict_log_proba", "decision_function"):
        outputs = read_outputs(getattr(model, operation)(X), operation=operation, classes=model.classes_)
        assert list(outputs.labels() or ()) == list(expected)
    probabilities = model.predict_proba(X)
    for operation, result in (("predict_proba", probabilities), ("predict_log_proba", np.log(probabilities))):
        scores = read_outputs(result, operation=operation, classes=model.classes_).scores()
        assert scores is not None
        np.testing.assert_allclose(scores, probabilities.max(axis=1))


def test_margins_between_pairs_are_no_margins_of_classes() -> None:
    x, y = make_classification(n_samples=80, n_classes=4, n_informative=6, random_state=0)
    model = SVC(decision_function_shape="ovo").fit(x, y)
    outputs = read_outputs(model.decision_function(x), operation="decision_function", classes=model.classes_)
    assert outputs.labels() is None
    assert len(outputs.row(0).values) == 6


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(20, random_state=0), KNeighborsClassifier(), OneVsRestClassifier(LogisticRegression())],
)
def test_multi_label_answers_agree(model: Any) -> None:
    x, y = make_multilabel_classification(n_samples=60, n_classes=4, random_state=0)
    predicted = model.fit(x, y).predict(x)
    outputs = read_outputs(predicted, operation="predict", classes=model.classes_)
    for index, row in enumerate(predicted):
        assert outputs.row(index).labels == tuple(str(place) for place in np.flatnonzero(row))
    proba = model.predict_proba(x)
    if isinstance(proba, list):
        again = read_outputs(proba, operation="predict_proba", classes=model.classes_)
        agree = [again.row(index).labels == outputs.row(index).labels for index in range(len(x))]
        assert np.mean(agree) > 0.9  # ties are broken differently


def test_regressions() -> None:
    x, y = make_regression(n_samples=30, n_features=3, n_targets=2, random_state=0)
    both = read_outputs(LinearRegression().fit(x, y).predict(x), operation="predict", task="regression")
    assert len(both.row(0).values) == 2
    process = GaussianProcessRegressor(optimizer=None).fit(x, y[:, 0])
    mean, deviation = process.predict(x, return_std=True)
    outputs = read_outputs((mean, deviation), operation="predict", task="regression")
    assert outputs.row(3).value == mean[3]
    assert outputs.row(3).extra == {"std": deviation[3]}


def test_anomalies() -> None:
    forest = IsolationForest(n_estimators=10, random_state=0).fit(X)
    labels = read_outputs(forest.predict(X), operation="predict", task="anomaly_detection").labels()
    assert labels is not None
    assert set(labels) <= {"1", "-1"}
    values = read_outputs(forest.score_samples(X), operation="score_samples", task="anomaly_detection").values()
    np.testing.assert_array_equal(values, forest.score_samples(X))

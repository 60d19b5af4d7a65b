"""Which calls of scikit-learn's are predictions: one span each, for whatever class the program has made."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import LocalOutlierFactor, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import otel_ml
from otel_ml import frameworks, runtime
from tests.frameworks.spans import operations
from tests.support.wait import PATIENCE

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


class Before(LogisticRegression):
    """Derived before anything is instrumented, and calls its parent."""

    def predict(self, X: Any) -> Any:
        return super().predict(X)[::-1]


class Constant:
    """A mixin of the user's: no estimator itself."""

    def predict(self, X: Any) -> Any:
        return np.ones(len(X))


class Mixed(Constant, RegressorMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Mixed:
        self.fitted_ = True
        return self


def test_a_subclass_defined_before_is_one_prediction(instrumented: Any) -> None:
    Before().fit(X, y).predict(X)
    assert operations(instrumented) == ["predict"]


def test_a_subclass_defined_after_is_one_prediction_and_is_restored(instrumented: Any) -> None:
    class After(LogisticRegression):
        def predict(self, X: Any) -> Any:
            return super().predict(X)

    After().fit(X, y).predict(X)
    assert operations(instrumented) == ["predict"]
    otel_ml.uninstrument()
    assert not hasattr(vars(After)["predict"], "__wrapped__")
    After().fit(X, y).predict(X)
    assert operations(instrumented) == []
    otel_ml.instrument()
    After().fit(X, y).predict(X)
    assert operations(instrumented) == ["predict"]


def test_a_mixin_of_the_users(instrumented: Any) -> None:
    class Later(Constant, BaseEstimator):
        pass

    Mixed().fit(X).predict(X)
    Later().predict(X)
    assert operations(instrumented) == ["predict", "predict"]


def test_a_transformer_that_is_defined_after_keeps_its_output_setting(instrumented: Any) -> None:
    class Doubled(TransformerMixin, BaseEstimator):
        def fit(self, X: Any, y: Any = None) -> Doubled:
            return self

        def transform(self, X: Any) -> Any:
            return 2 * X

        def get_feature_names_out(self, names: Any = None) -> Any:
            return np.asarray(["a", "b", "c", "d"], dtype=object)

    frame = Doubled().set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["a", "b", "c", "d"]
    otel_ml.uninstrument()
    assert "__otel_ml_replaced__" not in vars(vars(Doubled)["transform"])
    assert list(Doubled().set_output(transform="pandas").transform(X).columns) == ["a", "b", "c", "d"]


def test_a_hook_of_the_users_into_the_making_of_classes_still_runs(instrumented: Any) -> None:
    class Registered(BaseEstimator):
        made: list[str] = []  # noqa: RUF012 - shared on purpose

        def __init_subclass__(cls, *, tag: str, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls.made.append(tag)

    class Tagged(Registered, tag="one"):
        def predict(self, X: Any) -> Any:
            return X

    Tagged().predict([[1.0]])
    assert Registered.made == ["one"]
    assert operations(instrumented) == ["predict"]
    with pytest.raises(TypeError, match="tag"):
        type("Untagged", (Registered,), {})


def test_a_conditional_method_is_there_only_when_it_was(instrumented: Any) -> None:
    scaling = make_pipeline(StandardScaler(), FunctionTransformer())
    assert not hasattr(scaling, "predict")
    assert hasattr(make_pipeline(StandardScaler(), LogisticRegression()), "predict_proba")
    assert not hasattr(make_pipeline(StandardScaler(), LinearSVC()), "predict_proba")
    assert not hasattr(LocalOutlierFactor(), "predict")
    with pytest.raises(AttributeError, match="predict"):
        scaling.predict(X)
    assert operations(instrumented) == []


def test_methods_that_a_class_takes_over_from_another_one(instrumented: Any) -> None:
    model = NearestCentroid().fit(X, y)
    model.decision_function(X)
    model.predict_log_proba(X)
    assert operations(instrumented) == ["decision_function", "predict_log_proba"]


def test_many_inner_calls_are_one_prediction(instrumented: Any) -> None:
    pipeline = make_pipeline(
        StandardScaler(), StackingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier())])
    )
    pipeline.fit(X, y).predict_proba(X)
    assert operations(instrumented) == ["predict_proba"]


def test_calls_by_keyword_and_by_class(instrumented: Any) -> None:
    model = GaussianNB().fit(X, y)
    model.predict(X=X)
    GaussianNB.predict(model, X)
    assert operations(instrumented) == ["predict", "predict"]


def test_instrumenting_again_holds_the_last_configuration(instrumented: Any, instrument: Any) -> None:
    scaler, model = StandardScaler().fit(X), GaussianNB().fit(X, y)
    seen = []
    for transform in (False, True, True, False):
        instrument(transform=transform)
        scaler.transform(X)
        model.predict(X)
        seen.append(operations(instrumented))
    assert seen == [["predict"], ["transform", "predict"], ["transform", "predict"], ["predict"]]


def test_transform_is_recorded_on_request_and_outermost_only(telemetry: Any) -> None:
    otel_ml.instrument(transform=True)
    try:
        pipeline = make_pipeline(StandardScaler(), FunctionTransformer()).fit(X)
        pipeline.transform(X)
        make_pipeline(StandardScaler(), GaussianNB()).fit(X, y).predict(X)
        assert operations(telemetry) == ["transform", "predict"]
    finally:
        otel_ml.uninstrument()


def test_instrumenting_while_other_threads_predict(telemetry: Any) -> None:
    model = make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)
    expected = model.predict(X)
    stop = threading.Event()
    wrong: list[Any] = []

    def predict() -> None:
        while not stop.is_set():
            try:
                if not np.array_equal(model.predict(X), expected):
                    wrong.append("another result")
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=predict) for _ in range(2)]
    for thread in threads:
        thread.start()
    stopped = []
    for _ in range(3):
        otel_ml.instrument(events="off")
        stopped.append(runtime.current)
        otel_ml.uninstrument()
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    for one in stopped:  # what they could not hand on in time, beside such threads, is no other test's
        assert one is not None
        assert one.aggregator.drain(PATIENCE)
    assert wrong == []
    assert frameworks.patched() == {"scikit-learn": 0}

"""Which calls of scikit-learn's are predictions: one span each, for whatever class the program has made."""

from __future__ import annotations

import inspect
import os
import pickle
import pydoc
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import LocalOutlierFactor, NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

import otel_ml
from otel_ml import frameworks
from otel_ml.context import is_active

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


def operations(telemetry: Any) -> list[str]:
    found = [span.name.partition(" ")[0] for span in telemetry.spans()]
    telemetry.clear()
    return found


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


# -- classes ------------------------------------------------------------------------------------------------------------


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


def test_transform_is_recorded_on_request_and_outermost_only(telemetry: Any) -> None:
    otel_ml.instrument(transform=True)
    try:
        pipeline = make_pipeline(StandardScaler(), FunctionTransformer()).fit(X)
        pipeline.transform(X)
        make_pipeline(StandardScaler(), GaussianNB()).fit(X, y).predict(X)
        assert operations(telemetry) == ["transform", "predict"]
    finally:
        otel_ml.uninstrument()


# -- workers ------------------------------------------------------------------------------------------------------------


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
    for _ in range(3):
        otel_ml.instrument(events="off")
        otel_ml.uninstrument()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert wrong == []
    assert frameworks.patched() == {"scikit-learn": 0}


# -- other programs -----------------------------------------------------------------------------------------------------


def run(tmp_path: Path, script: str) -> str:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(script), encoding="utf-8")
    # Without a receiver the exporters would go on trying at exit.
    exporters = dict.fromkeys(("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"), "none")
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **exporters},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


MINE = """
import numpy as np, cloudpickle
from sklearn.base import BaseEstimator

class Base(BaseEstimator):
    def predict(self, X):
        return np.ones(len(X))

class Mine(Base):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self
"""


def test_a_model_whose_class_comes_with_its_pickle(instrumented: Any, tmp_path: Path) -> None:
    run(tmp_path, MINE + "open('model.pkl', 'wb').write(cloudpickle.dumps(Mine().fit(None)))")
    model = pickle.loads((tmp_path / "model.pkl").read_bytes())
    assert list(model.predict([[1.0], [2.0]])) == [1.0, 1.0]
    assert operations(instrumented) == ["predict"]


def test_a_model_pickled_where_it_was_instrumented_loads_where_nothing_is(tmp_path: Path) -> None:
    saved = "import otel_ml; otel_ml.instrument()\n" + MINE + "m = Mine().fit(None); m.predict([[1.0]])\n"
    run(tmp_path, saved + "open('model.pkl', 'wb').write(cloudpickle.dumps(m))")
    loaded = (
        "import pickle; m = pickle.load(open('model.pkl', 'rb')); print(m.predict([[1.0], [2.0]]), m.fit(None).fitted_)"
    )
    assert run(tmp_path, loaded).strip() == "[1. 1.] True"


def test_scikit_learn_is_neither_imported_by_us_nor_missed_when_imported_later(tmp_path: Path) -> None:
    script = """
    import sys
    import otel_ml
    from otel_ml import frameworks
    otel_ml.instrument()
    assert not {"sklearn", "joblib", "pandas"} & sys.modules.keys()
    assert frameworks.patched() == {"scikit-learn": 0}
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    assert frameworks.patched()["scikit-learn"] > 50
    otel_ml.uninstrument()
    from sklearn.base import BaseEstimator
    from sklearn.naive_bayes import GaussianNB
    for cls in (LogisticRegression, StandardScaler, BaseEstimator, GaussianNB):
        for base in cls.__mro__:
            assert not [name for name, entry in vars(base).items() if hasattr(entry, "__otel_ml_replaced__")]
    otel_ml.instrument()
    from sklearn.tree import DecisionTreeClassifier
    assert hasattr(DecisionTreeClassifier.predict, "__otel_ml_replaced__")
    assert hasattr(GaussianNB.fit, "__otel_ml_replaced__")
    """
    run(tmp_path, script)


# -- what others see of a method ----------------------------------------------------------------------------------------


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


def test_cloudpickle_by_reference_is_not_larger(instrumented: Any) -> None:
    assert len(cloudpickle.dumps(GaussianNB())) < 300

"""Programs that import, save and load in another order than a test can."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.datasets import make_classification

from tests.frameworks.spans import operations
from tests.support.otlp import OtlpSink
from tests.support.wait import PATIENCE

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


# Without a receiver the exporters would go on trying at exit.
NO_EXPORTERS = dict.fromkeys(("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"), "none")


def run(tmp_path: Path, script: str, env: Mapping[str, str] = NO_EXPORTERS) -> str:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(script), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


MINE = """
import numpy as np, cloudpickle
from sklearn.base import BaseEstimator

class Base(BaseEstimator):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.hooked = True

    def predict(self, X):
        return np.ones(len(X))

    def staged_predict(self, X):
        yield self.predict(X)

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


def test_a_model_pickled_where_it_was_instrumented_loads_where_nothing_is(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    saved = "import otel_ml; otel_ml.instrument()\n" + MINE + "m = Mine().fit(None); m.predict([[1.0]])\n"
    run(tmp_path, saved + "open('model.pkl', 'wb').write(cloudpickle.dumps(m))", otlp_sink.env("http/protobuf"))
    assert len(otlp_sink.events("ml.prediction")) == 1
    loaded = """
    import pickle
    m = pickle.load(open("model.pkl", "rb"))
    derived = type("Derived", (type(m),), {})
    print(*m.predict([[1.0]]), m.fit(None).fitted_, *next(m.staged_predict([[1.0]])), derived.hooked)
    """
    assert run(tmp_path, loaded).strip() == "1.0 True 1.0 True"


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

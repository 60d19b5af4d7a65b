"""Every estimator of scikit-learn that predicts, fitted on a few rows; and how to compare what two calls gave."""

from __future__ import annotations

import functools
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances
from sklearn.utils._testing import set_random_state
from sklearn.utils.estimator_checks import _enforce_estimator_tags_X, _enforce_estimator_tags_y

import otel_ml

PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")
OURS = str(Path(otel_ml.__file__).parent)

CLASSES: dict[str, type] = {
    name: cls for name, cls in all_estimators() if any(hasattr(cls, method) for method in PREDICTIONS)
}


@functools.cache
def fitted(name: str) -> tuple[Any, Any]:
    """An estimator, and rows for it."""
    cls = CLASSES[name]
    rows, labels = make_blobs(n_samples=60, centers=2, n_features=4, random_state=0)
    estimator = FrozenEstimator(LogisticRegression()) if cls is FrozenEstimator else next(_construct_instances(cls))
    set_random_state(estimator)
    rows = _enforce_estimator_tags_X(estimator, rows)
    labels = _enforce_estimator_tags_y(estimator, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = estimator.estimator if cls is FrozenEstimator else estimator
        target.fit(rows, labels)
    return estimator, rows


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a call gave or raised."""

    result: Any = None
    error: type[BaseException] | None = None
    message: str = ""
    frames: tuple[str, ...] = ()
    """The functions in its traceback, without ours."""

    @classmethod
    def of(cls, call: Callable[[], Any]) -> Outcome:
        """Call it and see."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return cls(call())
            except Exception as error:
                frames = traceback.extract_tb(error.__traceback__)
                theirs = tuple(frame.name for frame in frames if not frame.filename.startswith(OURS))
                return cls(None, type(error), str(error), theirs)


def assert_same(actual: Any, expected: Any, *, exact: bool = True) -> None:
    """The same type, dtype and values, however nested; a copy's arrays lie elsewhere, which may change last bits."""
    assert type(actual) is type(expected)
    if isinstance(expected, Outcome):
        assert (actual.error, actual.message, actual.frames) == (expected.error, expected.message, expected.frames)
        assert_same(actual.result, expected.result, exact=exact)
    elif isinstance(expected, np.ndarray):
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        if exact or expected.dtype.kind != "f":
            np.testing.assert_array_equal(actual, expected)
        else:
            last_bits = 1e-5 if expected.dtype.itemsize < 8 else 1e-9
            np.testing.assert_allclose(
                actual, expected, rtol=last_bits, atol=1e-9
            )  # of a difference nothing else is left
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(actual[key], value, exact=exact)
    elif isinstance(expected, list | tuple):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other, exact=exact)
    else:
        assert actual is expected or actual == expected


def family(base: type) -> Iterator[type]:
    """Yield a class, everything it derives from, and everything derived from it."""
    seen: set[type] = set()
    pending = [base]
    while pending:
        cls = pending.pop()
        if cls not in seen and cls is not object:
            seen.add(cls)
            yield cls
            pending.extend(cls.__bases__)
            if issubclass(cls, base) or cls.__module__.startswith("sklearn."):  # not every class that is an ABC
                pending.extend(type.__subclasses__(cls))


def entries(base: type) -> dict[tuple[object, ...], int]:
    """Every attribute that a class of the family owns, and the function in each descriptor, by identity."""
    found: dict[tuple[object, ...], int] = {}
    for cls in family(base):
        for name, value in list(vars(cls).items()):
            found[cls, name] = id(value)
            if hasattr(value, "fn"):
                found[cls, name, "fn"] = id(value.fn)
    return found

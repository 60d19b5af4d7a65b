"""What an estimator tells about itself without being called."""

from __future__ import annotations

import sys
from typing import Any

from otel_ml.models import ModelInfo

MAX_CLASSES = 100
_MAX_DEPTH = 8

_FRAMEWORKS = {
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
}
"""By root package: others have estimators that derive from scikit-learn's and come this way too."""

_TASKS = {
    "classifier": "classification",
    "regressor": "regression",
    "clusterer": "clustering",
    "outlier_detector": "anomaly_detection",
}

_INNER = {
    "BaseSearchCV": "best_estimator_",
    "TransformedTargetRegressor": "regressor_",
    "RFE": "estimator_",
    "FixedThresholdClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
    "FrozenEstimator": "estimator",
}
"""Wrappers that hold one fitted model for the same input, by class: a person names the model by what is inside."""


def describe(estimator: object) -> ModelInfo:
    """Read an estimator's class, framework, task, classes and feature names. Never raises, whatever the estimator is.

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> model = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], ["no", "yes"])
    >>> info = describe(model)
    >>> info.class_name, info.framework, info.task, info.classes
    ('LogisticRegression', 'scikit-learn', 'classification', ('no', 'yes'))
    """
    chain = _chain(estimator)
    framework, version = _framework(type(chain[-1]))
    return ModelInfo(
        class_name=type(chain[-1]).__name__,
        framework=framework,
        framework_version=version,
        task=next((task for model in reversed(chain) if (task := _task(model))), None),
        classes=next((classes for model in chain if (classes := _classes(model))), None),
        feature_names=_feature_names(chain),
    )


def _chain(estimator: object) -> list[object]:
    """Unwrap from the estimator to the one inside that decides, itself first."""
    chain = [estimator]
    while len(chain) < _MAX_DEPTH and (inner := _inner(chain[-1])) is not None:
        chain.append(inner)
    return chain


def _inner(model: object) -> object | None:
    names = _class_names(model)
    if "Pipeline" in names:
        try:
            last: object = _attribute(model, "steps")[-1][1]
        except Exception:
            return None
        return None if last is None or isinstance(last, str) else last  # "passthrough"
    return next((_attribute(model, _INNER[name]) for name in names & _INNER.keys()), None)


def _class_names(model: object) -> set[str]:
    return {cls.__name__ for cls in type(model).__mro__}


def _attribute(model: object, name: str) -> Any:
    """Get an attribute or None: `available_if` raises AttributeError, a property may raise anything."""
    try:
        return getattr(model, name, None)
    except Exception:
        return None


def _framework(cls: type) -> tuple[str, str]:
    for base in cls.__mro__:
        root = base.__module__.partition(".")[0]
        if root in _FRAMEWORKS:
            return _FRAMEWORKS[root], str(getattr(sys.modules.get(root), "__version__", ""))
    return cls.__module__.partition(".")[0], ""


def _task(model: object) -> str | None:
    try:
        kind = model.__sklearn_tags__().estimator_type  # type: ignore[attr-defined]  # an estimator, since 1.6
    except Exception:
        kind = _attribute(model, "_estimator_type")
    if kind in ("density_estimator", "DensityEstimator") and hasattr(type(model), "predict"):
        return "clustering"  # a mixture predicts the component
    return _TASKS.get(kind) if isinstance(kind, str) else None


def _classes(model: object) -> tuple[object, ...] | None:
    classes = _flat(_attribute(model, "classes_"), limit=MAX_CLASSES)
    return classes if classes and all(isinstance(item, str | int | float) for item in classes) else None


def _feature_names(chain: list[object]) -> tuple[str, ...] | None:
    for model in chain:
        names = _flat(_attribute(model, "feature_names_in_"))
        if names and all(isinstance(name, str) for name in names):
            return tuple(map(str, names))
        if "IsotonicRegression" in _class_names(model):
            return ("f0",)  # takes one-dimensional input: a vector is many rows, not one
        if "Pipeline" in _class_names(model) and len(_attribute(model, "steps") or ()) > 1:
            return None  # what comes next sees other features than the caller's
    return None


def _flat(values: Any, limit: int | None = None) -> tuple[object, ...] | None:
    """Turn a one-dimensional array or sequence into plain Python values; anything else into None."""
    try:
        if isinstance(values, str) or getattr(values, "ndim", 1) != 1 or (limit is not None and len(values) > limit):
            return None
        return tuple(values.tolist() if hasattr(values, "tolist") else values)
    except Exception:
        return None

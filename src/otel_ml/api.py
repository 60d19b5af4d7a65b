"""Small functions of the public API that need the runtime."""

from __future__ import annotations

from collections.abc import Sequence

from otel_ml import logs, runtime
from otel_ml.config import ConfigError


def register_model(
    model: object,
    name: str,
    *,
    version: str | None = None,
    alias: str | None = None,
    task: str | None = None,
    classes: Sequence[object] = (),
) -> None:
    """Give a model object an identity, on every signal, from its next prediction on.

    Nothing is stored on the object: a copy, a clone or an unpickled one is a model of its own, to be registered again.

    Args:
        model: any object whose class is instrumented, such as a fitted scikit-learn estimator.
        name: of the model, such as ``churn``.
        version: of the model.
        alias: champion, challenger, shadow or canary.
        task: a value of ``ml.task.type``, where the framework does not tell.
        classes: labels of a classifier, where the framework does not tell.

    Raises:
        ConfigError: a value is not allowed, or the object can not be held weakly.

    >>> register_model(object(), "churn", version="3")  # nothing is instrumented: nothing to do
    """
    if runtime.current is not None:
        runtime.current.registry.register(model, name, version=version, alias=alias, task=task, classes=classes)
    elif not name:
        raise ConfigError("the name of a model must be a non-empty string")


def current_prediction_id() -> str | None:
    """The id of the prediction that is being made, or of the last one in this request (outside of one: this thread).

    >>> current_prediction_id() is None
    True
    """
    if runtime.current is None:
        return None
    prediction = logs.current_prediction()
    return prediction.id if prediction is not None else None


def flush(timeout: float = 10.0) -> bool:
    """Hand on all that is queued, here and in the SDK.

    Args:
        timeout: seconds to wait for our own queue; the SDK's exporters keep to their own time limits.

    Returns:
        Whether all of it was handed on in time. True while nothing is instrumented.

    >>> flush()
    True
    """
    return True if runtime.current is None else runtime.current.flush(timeout)

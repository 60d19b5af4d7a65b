"""Small functions of the public API that need the runtime."""

from __future__ import annotations

from collections.abc import Sequence

from otel_ml import logs, registrations, runtime

MAX_SECONDS = 86_400.0


def register_model(
    model: object,
    name: str,
    *,
    version: str | None = None,
    alias: str | None = None,
    task: str | None = None,
    classes: Sequence[object] = (),
) -> None:
    """Give a model object an identity, on every signal, from its next prediction on. May come before `instrument`.

    The identity is written by you and is not masked: put no personal data into it.

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

    >>> class Model: ...
    >>> register_model(Model(), "churn", version="3")  # before or after otel_ml.instrument()
    """
    registrations.register(model, registrations.check(name, version, alias, task, classes))
    if runtime.current is not None:
        runtime.current.registry.forget(model)


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
        timeout: seconds to wait, at most a day. An exporter that takes longer goes on in a thread of its own.

    Returns:
        Whether all of it was handed on in time. True while nothing is instrumented.

    >>> flush()
    True
    """
    return True if runtime.current is None else runtime.current.flush(min(max(0.0, timeout), MAX_SECONDS))

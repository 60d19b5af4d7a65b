"""Small functions of the public API that need the runtime."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_ml import guard, logs, registrations, runtime
from otel_ml.monitoring.watches import load_baseline

if TYPE_CHECKING:
    from otel_ml.drift import Baseline, Report

MAX_SECONDS = 86_400.0


def register_model(
    model: object,
    name: str,
    *,
    version: str | None = None,
    alias: str | None = None,
    task: str | None = None,
    classes: Sequence[object] = (),
    baseline: str | os.PathLike[str] | Baseline | None = None,
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
        baseline: what the training data was like, as a file or ready-made: predictions are counted over its bins, and
            watched for drift, from now on. Calls that name the same model in code are, too, by what was registered last. What
            was watched for an object ends with it. A warning says when the model was fitted with none of its features.

    Raises:
        ConfigError: a value is not allowed, the baseline can not be read, or the object can not be held weakly.

    >>> class Model: ...
    >>> model = Model()  # keep it: the registration ends with the object
    >>> register_model(model, "churn", version="3")  # before or after otel_ml.instrument()
    """
    identity = registrations.check(name, version, alias, task, classes)
    found = None if baseline is None else load_baseline(baseline, f"register_model({name!r})")
    registration = registrations.register(model, identity, found)
    if runtime.current is not None:
        runtime.current.registry.watch(registration)
        runtime.current.registry.forget(model)
    if found is not None and (strangers := _describe_strangers(model, found)):
        warnings.warn(
            f"register_model({name!r}): no feature has a name that the baseline knows; is it another model's? {strangers}",
            stacklevel=2,
        )


@guard.guarded("register.names")
def _describe_strangers(model: object, baseline: Baseline) -> str | None:
    from otel_ml.frameworks.sklearn.describe import describe  # reads any object that keeps to scikit-learn's attributes
    from otel_ml.monitoring.matching import describe_strangers

    return describe_strangers(baseline, describe(model).feature_names or ())


def drift_report(model: object, version: str | None = None) -> Report | None:
    """How the traffic of a model differs from its baseline now: of all workers on this machine together.

    Args:
        model: the object that was registered, or the name of the model.
        version: of the model, where a name alone is not enough; the last one registered otherwise.

    Returns:
        Scores, alarms and violations by feature, the strongest drift first; ``.to_dict()`` makes JSON of it. None if nothing
        is watched (the model has no baseline, drift is off, nothing is instrumented), or if it can not be had: within ten
        seconds, or for a failure, which is in the log.

    >>> drift_report("churn") is None
    True
    """
    return None if runtime.current is None else runtime.current.drift_report(model, version)


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

"""What a framework file puts in place of a method: one `Inference` per outermost call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from opentelemetry.context import get_current

from otel_ml import runtime
from otel_ml.context import is_active, suppress
from otel_ml.guard import guarded
from otel_ml.invocation import Inference
from otel_ml.models import ModelInfo
from otel_ml.observation import read_inputs

F = TypeVar("F", bound=Callable[..., Any])


def traced(original: F, *, operation: str, describe: Callable[[object], ModelInfo]) -> F:
    """A function to set on a class in place of a prediction method.

    The method runs exactly once, outside of every guard: its result and its exception are the user's. Inner calls (a
    forest asks its trees, a pipeline its last step) pass straight through.

    Args:
        original: the method, whose first two arguments are the model and its input.
        operation: a value of ``ml.operation.name``.
        describe: tells about a model object without calling it; asked once per object.
    """

    input_name = _second_parameter(original)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        data = args[1] if len(args) > 1 else kwargs.get(input_name)
        inference = begin(operation, describe, args[0] if args else None, data)
        if inference is None:
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            inference.stop()
            inference.end(error)
            raise
        inference.stop()
        inference.output(result)
        inference.end()
        return result

    return call  # type: ignore[return-value]  # the signature is the original's, by functools.wraps


def quiet(original: F) -> F:
    """A function to set in place of one that is no traffic: fit, score, cross-validation."""

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if runtime.current is None or is_active():
            return original(*args, **kwargs)
        with suppress():
            return original(*args, **kwargs)

    return call  # type: ignore[return-value]  # as above


def refitted(original: F) -> F:
    """`quiet`, for a method that changes what its model is: classes and feature names are looked up afresh."""
    hushed = quiet(original)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return hushed(*args, **kwargs)
        finally:
            if args and runtime.current is not None:
                runtime.current.registry.forget(args[0])

    return call  # type: ignore[return-value]  # as above


@guarded("inference.begin")
def begin(
    operation: str, describe: Callable[[object], ModelInfo], model_object: object, data: object
) -> Inference | None:
    """Start an inference for a method call; None where the call is no prediction of its own."""
    active = runtime.current
    context = get_current()
    if active is None or is_active(context):
        return None
    info = active.registry.info(model_object, describe)
    features = read_inputs(data, names=info.feature_names, max_depth=active.config.max_depth)
    model = active.registry.resolve(model_object, describe, features.names if features is not None else ())
    inference = Inference(active, model, operation, context)
    inference.take(features)
    inference.start()
    return inference


def _second_parameter(method: Callable[..., Any]) -> str:
    """The name under which a caller may pass the input: ``X``, in scikit-learn."""
    try:
        return list(inspect.signature(method).parameters)[1]
    except (IndexError, TypeError, ValueError):
        return "X"

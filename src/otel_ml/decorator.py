"""The decorator: a function of one's own is a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from otel_ml import registrations
from otel_ml.block import prepare
from otel_ml.guard import guarded
from otel_ml.invocation import Inference
from otel_ml.models import Identity
from otel_ml.wrapping import wrap

F = TypeVar("F", bound=Callable[..., Any])


@overload
def observe(function: F, /) -> F: ...
@overload
def observe(
    *,
    name: str | None = None,
    version: str | None = None,
    operation: str = "predict",
    alias: str | None = None,
    task: str | None = None,
    classes: tuple[object, ...] = (),
    prediction_id: str | None = None,
    event_time: str | None = None,
    ignore: tuple[str, ...] = (),
) -> Callable[[F], F]: ...
def observe(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    version: str | None = None,
    operation: str = "predict",
    alias: str | None = None,
    task: str | None = None,
    classes: tuple[object, ...] = (),
    prediction_id: str | None = None,
    event_time: str | None = None,
    ignore: tuple[str, ...] = (),
) -> Any:
    """Make every call of a function one prediction: a function, a method, a coroutine, a generator or an async generator.

    With one argument (beside ``self``) that argument is the input; with several, each is a feature. What it returns is the
    output; of a generator, what it yields last.

    Args:
        function: the function, when the decorator is used without parentheses.
        name: of the model; the function's name by default.
        version: of the model.
        operation: a value of ``ml.operation.name``.
        alias: champion, challenger, shadow or canary.
        task: a value of ``ml.task.type``.
        classes: labels of a classifier, so that predictions are counted by label.
        prediction_id: the parameter that holds an id of the caller's own.
        event_time: the parameter that holds when it happened.
        ignore: parameters that are no features.

    Raises:
        ValueError: `prediction_id`, `event_time` or `ignore` names a parameter that the function does not have.
        ConfigError: the name is empty, or `operation`, `alias` or `task` is not one of the conventions' values.

    >>> @observe(name="double", version="1")
    ... def double(x: float) -> float:
    ...     return 2 * x
    >>> double(21.0)
    42.0
    """

    def decorate(target: F) -> F:
        if isinstance(target, staticmethod | classmethod):
            return type(target)(decorate(target.__func__))
        given_name = name or getattr(target, "__name__", None) or type(target).__name__
        model = registrations.check(given_name, version, alias, task, classes)
        wrapped: F = wrap(target, _Reader(target, model, operation, prediction_id, event_time, ignore).begin)
        return wrapped

    return decorate if function is None else decorate(function)


class _Reader:
    """How the arguments of one function become an inference."""

    def __init__(
        self,
        function: Callable[..., Any],
        model: Identity,
        operation: str,
        prediction_id: str | None,
        event_time: str | None,
        ignore: tuple[str, ...],
    ) -> None:
        self._signature = inspect.signature(function)
        parameters = self._signature.parameters
        for wanted in (prediction_id, event_time, *ignore):
            if wanted is not None and wanted not in parameters:
                raise ValueError(f"{model.name} has no parameter {wanted!r}; it has {', '.join(parameters)}")
        first = next(iter(parameters), None)
        hidden = {prediction_id, event_time, *ignore} | ({first} if first in ("self", "cls") else set())
        self._features = [parameter for parameter in parameters if parameter not in hidden]
        self._model = model
        self._operation = registrations.check_operation(operation)
        self._prediction_id = prediction_id
        self._event_time = event_time

    @guarded("observe.begin")
    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inference | None:
        """Start an inference for a call, None where it is none."""
        current = prepare(self._model, self._operation)
        if current is None:
            return None
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:  # the call itself is about to say so
            arguments: dict[str, Any] = {}
        else:
            bound.apply_defaults()
            arguments = bound.arguments
        given = {name: arguments[name] for name in self._features if name in arguments}
        if given:
            current.input(next(iter(given.values())) if len(self._features) == 1 else given)
        current.start(
            arguments.get(self._prediction_id) if self._prediction_id else None,
            arguments.get(self._event_time) if self._event_time else None,
        )
        return current

"""The decorator: a function of one's own is a model."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar, overload

from otel_ml import registrations
from otel_ml.block import prepare
from otel_ml.guard import guarded
from otel_ml.invocation import Inference
from otel_ml.models import Identity

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
        wrapped: F = _wrap(target, _Reader(target, model, operation, prediction_id, event_time, ignore))
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


def _wrap(function: Any, reader: _Reader) -> Any:
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, reader)
    if inspect.isgeneratorfunction(function):
        return _generator(function, reader)
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return _coroutine(function, reader)
    return _function(function, reader)


def _finish(current: Inference, result: object) -> None:
    current.stop()
    current.output(result)
    current.end()


def _fail(current: Inference, error: BaseException) -> None:
    current.stop()
    current.end(error)


def _function(function: Callable[..., Any], reader: _Reader) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        current = reader.begin(args, kwargs)
        if current is None:
            return function(*args, **kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            _fail(current, error)
            raise
        _finish(current, result)
        return result

    return call


def _coroutine(function: Callable[..., Any], reader: _Reader) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        current = reader.begin(args, kwargs)
        if current is None:
            return await function(*args, **kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            _fail(current, error)
            raise
        _finish(current, result)
        return result

    return call


def _generator(function: Callable[..., Any], reader: _Reader) -> Callable[..., Any]:
    # Entered for each step only: between two of them other code runs, in whatever context asks for the next item.
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        current = reader.begin(args, kwargs)
        if current is None:
            return (yield from function(*args, **kwargs))
        current.leave()
        steps, last, sent, thrown, closed = function(*args, **kwargs), None, None, None, False
        try:
            while True:
                current.enter()
                try:
                    last = steps.send(sent) if thrown is None else steps.throw(thrown)
                finally:
                    current.leave()
                sent = thrown = None
                try:
                    sent = yield last
                except GeneratorExit:
                    closed = True
                    try:
                        steps.close()
                    finally:
                        _finish(current, last)
                    raise
                except BaseException as error:
                    thrown = error
        except StopIteration as stop:
            _finish(current, last if stop.value is None else stop.value)
            return stop.value
        except BaseException as error:
            if not closed:  # finished above
                _fail(current, error)
            raise

    return call


def _async_generator(function: Callable[..., Any], reader: _Reader) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        current = reader.begin(args, kwargs)
        if current is None:
            async for item in function(*args, **kwargs):
                yield item
            return
        current.leave()
        steps, last, sent, thrown, closed = function(*args, **kwargs), None, None, None, False
        try:
            while True:
                current.enter()
                try:
                    last = await (steps.asend(sent) if thrown is None else steps.athrow(thrown))
                finally:
                    current.leave()
                sent = thrown = None
                try:
                    sent = yield last
                except GeneratorExit:
                    closed = True
                    try:
                        await steps.aclose()
                    finally:
                        _finish(current, last)
                    raise
                except BaseException as error:
                    thrown = error
        except StopAsyncIteration:
            _finish(current, last)
        except BaseException as error:
            if not closed:  # finished above
                _fail(current, error)
            raise

    return call

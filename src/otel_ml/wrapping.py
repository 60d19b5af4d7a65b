"""A function, coroutine, generator or async generator that behaves as before, and each call of which is one prediction."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from otel_ml.invocation import Inference

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Inference | None]
"""Starts an inference for a call with these arguments; None where the call is no prediction of its own."""


def wrap(function: Any, begin: Begin) -> Any:
    """The function, with an inference around each call.

    Args:
        function: of any of the four kinds.
        begin: starts the inference of a call.
    """
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, begin)
    if inspect.isgeneratorfunction(function):
        return _generator(function, begin)
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return _coroutine(function, begin)
    return _function(function, begin)


class _Call:
    """One call under way, as a ``with`` block that is given the result."""

    __slots__ = ("_inference", "result")

    def __init__(self, inference: Inference | None) -> None:
        self._inference = inference
        self.result: Any = None

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._inference is None:
            return
        if error is None:
            _finish(self._inference, self.result)
        else:
            _fail(self._inference, error)


def _finish(current: Inference, result: object) -> None:
    current.stop()
    current.output(result)
    current.end()


def _fail(current: Inference, error: BaseException) -> None:
    current.stop()
    current.end(error)


def _function(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Call(begin(args, kwargs)) as current:
            current.result = function(*args, **kwargs)
        return current.result

    return call


def _coroutine(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _Call(begin(args, kwargs)) as current:
            current.result = await function(*args, **kwargs)
        return current.result

    return call


def _generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    # Entered for each step only: between two of them other code runs, in whatever context asks for the next item.
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        current = begin(args, kwargs)
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


def _async_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        current = begin(args, kwargs)
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

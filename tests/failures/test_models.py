"""A model that fails, is cancelled or answers nonsense: the caller gets exactly what it would have got without us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from sklearn.base import BaseEstimator, ClassifierMixin

import otel_ml
from otel_ml import guard
from otel_ml.context import is_active
from tests.failures.hostile import NONSENSE, QUICK_SECONDS, numbers
from tests.support.telemetry import Telemetry

Production = Callable[..., None]

STOPPING = [ValueError, KeyError, RecursionError, MemoryError, StopIteration, KeyboardInterrupt, SystemExit]
STOPPING += [CancelledError, asyncio.CancelledError, GeneratorExit]


class Estimator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answers, or raises, whatever it holds."""

    classes_ = np.array(["a", "b"])

    def __init__(self, answer: Any = None, error: BaseException | None = None) -> None:
        self.answer = answer
        self.error = error

    def predict(self, X: Any) -> Any:
        if self.error is not None:
            raise self.error
        return self.answer


def error_type(span: ReadableSpan) -> str:
    return str((span.attributes or {})["error.type"])


def by_patched_method(answer: Any, error: BaseException | None) -> Any:
    return Estimator(answer, error).predict([[1.0]])


def by_decorator(answer: Any, error: BaseException | None) -> Any:
    @otel_ml.observe(name="odd", classes=("a", "b"))
    def odd(x: float) -> Any:
        if error is not None:
            raise error
        return answer

    return odd(1.0)


def by_coroutine(answer: Any, error: BaseException | None) -> Any:
    @otel_ml.observe(name="odd")
    async def odd(x: float) -> Any:
        if error is not None:
            raise error
        return answer

    # not asyncio.run: it would turn some of the exceptions into others
    try:
        odd(1.0).send(None)
    except StopIteration as stop:
        return stop.value


def by_block(answer: Any, error: BaseException | None) -> Any:
    with otel_ml.inference("odd") as call:
        call.input({"x": 1.0})
        if error is not None:
            raise error
        call.output(answer)
    return answer


def by_generator(answer: Any, error: BaseException | None) -> Any:
    @otel_ml.observe(name="odd")
    def odd(x: float) -> Iterator[Any]:
        yield answer
        if error is not None:
            raise error

    steps = odd(1.0)
    found = next(steps)
    assert next(steps, None) is None
    return found


WAYS = [by_patched_method, by_decorator, by_coroutine, by_block, by_generator]


# Python itself replaces a StopIteration that a coroutine or a generator raises.
FAILURES = [
    (way, kind)
    for way in WAYS
    for kind in STOPPING
    if not (kind is StopIteration and way in (by_coroutine, by_generator))
]


@pytest.mark.parametrize(("way", "kind"), FAILURES)
def test_the_models_own_exception_reaches_the_caller(
    way: Callable[..., Any], kind: type[BaseException], telemetry: Telemetry, production: Production
) -> None:
    production()
    error = kind("the user's own")
    with pytest.raises(kind) as caught:
        way(None, error)
    assert caught.value is error
    assert not is_active()
    (span,) = telemetry.spans()
    assert span.status.status_code.name == "ERROR"
    assert error_type(span).endswith(kind.__name__)
    assert [point.value for point in telemetry.metric("ml.inference.active")] in ([], [0])
    assert guard.counts() == {}


@pytest.mark.parametrize("make", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("way", WAYS)
def test_nonsense_is_handed_on_as_it_is(
    way: Callable[..., Any], make: Callable[[], Any], telemetry: Telemetry, production: Production
) -> None:
    production(class_scores_on_events=True)
    answer = make()
    started = time.monotonic()
    assert way(answer, None) is answer
    assert len(telemetry.spans()) == 1
    assert len(telemetry.events("ml.prediction")) >= 1
    assert time.monotonic() - started < QUICK_SECONDS
    assert guard.counts() == {}


def test_a_generator_that_a_model_returns_is_not_consumed(telemetry: Telemetry, production: Production) -> None:
    production()
    assert list(by_decorator(numbers(), None)) == [0, 1, 2]


@pytest.mark.parametrize("way", ["cancel", "wait_for"])
def test_a_cancelled_prediction_ends(way: str, telemetry: Telemetry, production: Production) -> None:
    production()

    async def predict() -> None:
        async with otel_ml.inference("slow") as call:
            call.input({"x": 1.0})
            await asyncio.sleep(60)

    async def main() -> None:
        if way == "wait_for":
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(predict(), 0.01)
            return
        task = asyncio.create_task(predict())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    (span,) = telemetry.spans("predict slow")
    assert error_type(span).endswith("CancelledError")
    assert len(telemetry.events("ml.prediction")) == 1


def test_a_cancelled_stream_ends(telemetry: Telemetry, production: Production) -> None:
    production()

    @otel_ml.observe(name="stream")
    async def stream(x: float) -> AsyncIterator[float]:
        yield x
        await asyncio.sleep(60)

    async def consume() -> None:
        async for _ in stream(1.0):
            pass

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(consume(), 0.01)

    asyncio.run(main())
    (span,) = telemetry.spans("predict stream")
    assert error_type(span).endswith("CancelledError")


class Hidden(Exception):
    """An exception whose text can not be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize("exceptions", ["none", "message", "stacktrace"])
def test_an_exception_without_a_text(exceptions: str, telemetry: Telemetry, production: Production) -> None:
    production(exceptions=exceptions)
    error = Hidden()
    with pytest.raises(Hidden) as caught:
        by_decorator(None, error)
    assert caught.value is error
    (span,) = telemetry.spans("predict odd")
    assert error_type(span).endswith("Hidden")
    assert [point.value for point in telemetry.metric("ml.inference.active")] in ([], [0])


def test_exceptions_of_ever_new_classes_do_not_make_ever_new_series(
    telemetry: Telemetry, production: Production
) -> None:
    production(events="off")
    for number in range(500):
        kind = type(f"Error{number}", (ValueError,), {})
        with pytest.raises(kind):
            by_decorator(None, kind())
    points = telemetry.metric("ml.inference.duration")
    assert sum(point.count or 0 for point in points) == 500
    assert len(points) <= 110


def test_a_model_deep_in_a_recursion(telemetry: Telemetry, production: Production) -> None:
    """Near the limit our own calls may be one too many: then they are missing, and nothing else."""
    production()

    @otel_ml.observe(name="odd")
    def odd(x: float) -> float:
        return x

    def descend(depth: int) -> Any:
        return odd(1.0) if depth == 0 else descend(depth - 1)

    answers = []
    for depth in range(800, 1_000):
        try:
            answers.append(descend(depth))
        except RecursionError:
            break
    assert set(answers) == {1.0}
    assert not is_active()
    telemetry.clear()
    assert odd(1.0) == 1.0
    assert len(telemetry.spans("predict odd")) == 1

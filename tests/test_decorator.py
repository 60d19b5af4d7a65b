"""`observe`: every kind of callable is one prediction a call, and behaves as before."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import pytest
from opentelemetry import context

import otel_ml
from otel_ml.context import is_active
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]


@otel_ml.observe
def double(x: float) -> float:
    assert is_active()
    return 2 * x


@otel_ml.observe(name="risk", version="2", prediction_id="order", ignore=("debug",))
def risk(age: int, plan: str | None = None, *, order: str | None = None, debug: bool = False) -> dict[str, Any]:
    return {"label": "high", "score": 0.9}


class Scorer:
    @otel_ml.observe(name="scorer")
    def score(self, features: dict[str, float]) -> float:
        return sum(features.values())

    @staticmethod
    @otel_ml.observe(name="static")
    def static(x: float) -> float:
        return x

    @otel_ml.observe(name="outside")
    @staticmethod
    def outside(x: float) -> float:
        return x

    @otel_ml.observe(name="made")
    @classmethod
    def made(cls, x: float) -> float:
        return x


@otel_ml.observe(name="slow")
async def slow(x: float) -> float:
    await asyncio.sleep(0)
    assert is_active()
    return x


@otel_ml.observe(name="stream")
def stream(count: int) -> Generator[float, None, None]:
    for number in range(count):
        assert is_active()
        yield float(number)


@otel_ml.observe(name="astream")
async def astream(count: int) -> AsyncIterator[float]:
    for number in range(count):
        await asyncio.sleep(0)
        assert is_active()
        yield float(number)


def attributes(telemetry: Telemetry, name: str) -> dict[str, Any]:
    (span,) = telemetry.spans(name)
    return dict(span.attributes or {})


def test_a_function_with_one_argument_takes_it_as_input(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert double(21.0) == 42.0
    found = attributes(telemetry, "predict double")
    assert found["ml.feature.count"] == 1
    assert found["ml.output.value"] == 42.0


def test_several_arguments_are_a_feature_each(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert risk(41, order="order-17", debug=True) == {"label": "high", "score": 0.9}
    found = attributes(telemetry, "predict risk")
    assert found["ml.prediction.id"] == "order-17"
    assert found["ml.feature.value.age"] == 41
    assert found["ml.feature.null.names"] == ("plan",)
    assert "ml.feature.value.debug" not in found
    assert (found["ml.output.label"], found["ml.output.score"]) == ("high", 0.9)


def test_self_is_no_feature(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert Scorer().score({"a": 1.0, "b": 2.0}) == 3.0
    assert Scorer.static(1.0) == Scorer().outside(1.0) == Scorer.made(1.0) == 1.0
    for name in ("static", "outside", "made"):
        assert attributes(telemetry, f"predict {name}")["ml.feature.count"] == 1
    found = attributes(telemetry, "predict scorer")
    assert (found["ml.feature.value.a"], found["ml.feature.count"]) == (1.0, 2)


def test_a_coroutine_is_one_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert asyncio.run(slow(1.0)) == 1.0
    assert attributes(telemetry, "predict slow")["ml.output.value"] == 1.0


def test_a_cancelled_coroutine_ends_its_span_and_stays_cancelled(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()

    @otel_ml.observe(name="hanging")
    async def hanging(x: float) -> None:
        await asyncio.Event().wait()

    async def cancel() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(hanging(1.0), 0.01)

    asyncio.run(cancel())
    assert attributes(telemetry, "predict hanging")["error.type"].endswith("CancelledError")


def test_a_generator_is_one_prediction_and_the_context_is_its_own(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    before = context.get_current()
    seen = []
    for number in stream(3):
        assert not is_active()
        assert context.get_current() is before
        seen.append(number)
    assert seen == [0, 1, 2]
    assert attributes(telemetry, "predict stream")["ml.output.value"] == 2.0


def test_a_generator_that_is_left_early_ends_without_an_error(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    steps = stream(10)
    assert next(steps) == 0
    steps.close()
    assert "error.type" not in attributes(telemetry, "predict stream")


def test_a_generator_gets_what_is_sent_and_thrown(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()

    @otel_ml.observe(name="echo")
    def echo(x: float) -> Generator[Any, Any, str]:
        try:
            got = yield x
            yield got
        except KeyError:
            yield "caught"
        return "returned"

    steps: Any = echo(1.0)
    assert (next(steps), steps.send("sent"), steps.throw(KeyError())) == (1.0, "sent", "caught")
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == "returned"
    assert attributes(telemetry, "predict echo")["ml.output.label"] == "returned"


def test_an_async_generator_is_one_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()

    async def collect() -> list[float]:
        found = []
        async for number in astream(3):
            assert not is_active()
            found.append(number)
        return found

    assert asyncio.run(collect()) == [0, 1, 2]
    assert attributes(telemetry, "predict astream")["ml.output.value"] == 2.0


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, RecursionError, MemoryError])
def test_an_exception_passes_as_it_is(telemetry: Telemetry, instrument: Instrument, kind: type[BaseException]) -> None:
    instrument()
    error = kind()

    @otel_ml.observe(name="failing")
    def failing(x: float) -> None:
        raise error

    with pytest.raises(kind) as caught:
        failing(1.0)
    assert caught.value is error
    assert attributes(telemetry, "predict failing")["error.type"] == kind.__name__


def test_a_wrong_call_fails_as_it_would_have(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        double()  # type: ignore[call-arg]


def test_the_kind_of_callable_stays(telemetry: Telemetry) -> None:
    assert inspect.iscoroutinefunction(slow)
    assert inspect.isgeneratorfunction(stream)
    assert inspect.isasyncgenfunction(astream)
    assert str(inspect.signature(double)) == "(x: 'float') -> 'float'"
    assert double.__name__ == "double"


def test_a_parameter_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="has no parameter 'oder'; it has x"):
        otel_ml.observe(prediction_id="oder")(lambda x: x)


def test_a_partial_and_an_object_that_is_called_are_functions_too(telemetry: Telemetry, instrument: Instrument) -> None:
    class Model:
        async def __call__(self, x: float) -> float:
            assert is_active()
            return x

    instrument()
    assert otel_ml.observe(name="partial")(functools.partial(pow, 2.0))(3.0) == 8.0
    assert asyncio.run(otel_ml.observe(Model())(1.0)) == 1.0
    assert attributes(telemetry, "predict Model")["ml.output.value"] == 1.0

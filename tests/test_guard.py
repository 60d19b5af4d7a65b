"""The guard: our errors are counted and visible, and are not the user's."""

from __future__ import annotations

import asyncio
import logging

import pytest

from otel_ml import guard


@pytest.fixture(autouse=True)
def _clean() -> None:
    guard.reset()


@guard.guarded("test.site")
def fail(error: BaseException) -> str:
    raise error


def test_an_error_is_swallowed_and_counted() -> None:
    assert fail(ValueError("secret")) is None
    assert fail(KeyError("secret")) is None
    assert guard.counts() == {"test.site": 2}


def test_an_error_is_logged_once_a_minute_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            fail(ValueError("secret"))
    assert len(caplog.records) == 1
    assert "test.site" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
def test_what_stops_a_program_passes(kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        fail(kind())
    assert guard.counts() == {}


def test_a_result_passes() -> None:
    assert guard.guarded("ok")(lambda value: value + 1)(1) == 2

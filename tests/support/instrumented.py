"""The fixture `instrument`: otel-ml switched on for one test, with whatever configuration it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import otel_ml
from otel_ml import registrations
from tests.support.telemetry import Telemetry


@pytest.fixture
def instrument(telemetry: Telemetry) -> Iterator[Callable[..., None]]:
    """Switch otel-ml on: ``instrument(events="off")``. Switched off again when the test ends."""

    def switch_on(**options: Any) -> None:
        otel_ml.instrument(**options)

    yield switch_on
    telemetry.check_metrics()
    otel_ml.uninstrument()


@pytest.fixture(autouse=True)
def no_registration_outlives_its_test() -> Iterator[None]:
    """What a test registers by name holds for calls that name their model in code, also in the next test."""
    before = dict(registrations._registered)
    yield
    registrations._registered.clear()
    registrations._registered.update(before)

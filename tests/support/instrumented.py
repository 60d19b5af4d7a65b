"""The fixture `instrument`: otel-ml switched on for one test, with whatever configuration it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import otel_ml
from tests.support.telemetry import Telemetry


@pytest.fixture
def instrument(telemetry: Telemetry) -> Iterator[Callable[..., None]]:
    """Switch otel-ml on: ``instrument(events="off")``. Switched off again when the test ends."""

    def switch_on(**options: Any) -> None:
        otel_ml.instrument(**options)

    yield switch_on
    telemetry.check_metrics()
    otel_ml.uninstrument()

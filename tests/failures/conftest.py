"""What the tests of failures share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import otel_ml
from otel_ml import guard
from tests.support.telemetry import Telemetry


@pytest.fixture
def production(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """otel-ml as it runs in a service: its own errors are swallowed, not raised. Switched on by calling the fixture."""
    monkeypatch.setattr(guard, "RERAISE", False)

    def switch_on(**options: Any) -> None:
        otel_ml.instrument(**options)

    yield switch_on
    otel_ml.uninstrument()

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import otel_ml


@pytest.fixture
def instrumented(telemetry: Any) -> Iterator[Any]:
    """The telemetry of a program in which every framework is instrumented."""
    otel_ml.instrument()
    yield telemetry
    otel_ml.uninstrument()

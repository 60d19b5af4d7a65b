from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def instrumented(telemetry: Any, instrument: Callable[..., None]) -> Any:
    """The telemetry of a program in which every framework is instrumented."""
    instrument()
    return telemetry

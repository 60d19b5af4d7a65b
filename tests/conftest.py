"""Fixtures of the whole suite, each in a module of `tests.support`; and what holds for it on a machine that is busy."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.support.wait import PATIENCE

pytest_plugins = [
    "tests.support.telemetry",
    "tests.support.tap",
    "tests.support.instrumented",
    "tests.support.otlp",
    "tests.support.strict",
    "pytester",
]

# How long an example takes tells what else the machine does, and nothing of the code.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def collections_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection gives up after two seconds where it has to wait for another thread that counts, and is then incomplete."""
    monkeypatch.setattr("otel_ml.runtime.SETTLE_SECONDS", PATIENCE)


@pytest.fixture
def no_call_is_counted_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call waits for another operation on its rows until somebody flushes or collects, however long that takes."""
    monkeypatch.setattr("otel_ml.signals.aggregator.LINGER", 3600.0)

"""The demo's service is told only what it understands: a mistake would leave it without telemetry."""

from pathlib import Path

import pytest

from examples.flights.drifting import DAY, MINUTE
from examples.flights.watching import environment
from otel_ml.config import Config


@pytest.mark.parametrize("window", [MINUTE, DAY])
def test_a_service_understands_how_it_is_to_watch(window: float, tmp_path: Path) -> None:
    config = Config.load(environ=environment(tmp_path / "a.baseline.json", window, tmp_path))
    assert config.drift_window == window
    assert config.drift_lateness >= window

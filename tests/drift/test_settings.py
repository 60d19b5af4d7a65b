"""What can be set, what can not, and what the knob comes to by step."""

from __future__ import annotations

from typing import Any

import pytest

from otel_ml.drift import Settings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"window": "1h"}, "window must be a number, not '1h'; windows and lateness are in seconds"),
        ({"window": 0}, "window must be a number above 0"),
        ({"window": float("nan")}, "window must be a number above 0"),
        ({"tolerance": 1.0}, "tolerance is a total variation"),
        ({"alpha": 0}, "alpha must be above 0"),
        ({"alpha": "a"}, "alpha must be a number"),
        ({"rows_per_step": 2.5}, "rows_per_step must be a whole number, not 2.5"),
        ({"rows_per_step": 0}, "rows_per_step must be at least 1"),
        ({"look_back": 48}, "look_back must be a power of two"),
        ({"replicas": None}, "replicas must be a whole number"),
        ({"replicas": 0}, "replicas must be at least 1"),
        ({"lateness": -1}, "lateness must be at least 0 seconds"),
        ({"reference": "yesterday"}, "reference must be baseline, previous or last_week"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        (Settings(), 10_080),
        (Settings(window=3_600), 168),
        (Settings(rows_per_step=7), 10_080),
        (Settings(reference="last_week"), 168),
        (Settings(replicas=4), 40_320),
        (Settings(false_alarms_per_week=10), 1_008),
        (Settings(alpha=0.01), 100),
    ],
)
def test_the_budget_is_of_a_step_and_shared_by_replicas(settings: Settings, steps: float) -> None:
    assert 1 / settings.budget == pytest.approx(steps)

"""What keeps alarms up and what ends them, in a monitor's stream."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.monitor import Monitor
from otel_ml.drift.report import Change
from otel_ml.drift.settings import Settings
from tests.drift.made import baseline, numeric

BASELINE = baseline(numeric("a"))
RNG = np.random.default_rng


@pytest.mark.parametrize("limits", [{}, {"psi": 0.2}])
def test_a_drift_that_lasts_is_one_alarm_where_traffic_becomes_sparse(limits: dict[str, float]) -> None:
    one, rng, found = Monitor(BASELINE, Settings(look_back=4, lateness=0, thresholds=limits)), RNG(0), list[Change]()
    for minute in range(200):
        rows = 1_000 if minute < 10 else 3
        one.observe({"a": rng.uniform(0.3, 1.0, rows)}, rows=rows, times=60.0 * minute)
        found += one.advance(60.0 * minute)
    assert [(change.detected, change.name, change.cause) for change in found] == [(True, "a", "distribution")]


def test_limits_for_nulls_and_values_tell_of_both_one_after_the_other() -> None:
    limits = {"psi": 0.2, "null_rate": 0.1}
    one, rng, found = (
        Monitor(BASELINE, Settings(rows_per_step=1_000, look_back=4, thresholds=limits)),
        RNG(0),
        list[Change](),
    )
    for phase in ["usual", "nulls", "moved", "usual", "usual"]:
        for _ in range(10):
            values = rng.uniform(0.5 if phase == "moved" else 0.0, 1.0, 1_000)
            values[: 500 if phase == "nulls" else 0] = np.nan
            one.observe({"a": values}, rows=1_000)
            found += one.advance()
    assert [(change.detected, change.cause, change.method) for change in found] == [
        (True, "null", "null_rate"),
        (True, "distribution", "psi"),
        (False, "null", "null_rate"),
        (False, "distribution", "psi"),
    ]
    assert not one.report().alarm

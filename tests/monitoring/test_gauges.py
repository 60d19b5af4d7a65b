"""Alarms as metric series, each under the method that raised it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from otel_ml.drift import Monitor
from otel_ml.drift.settings import Settings
from otel_ml.monitoring.gauges import Gauges
from tests.drift.made import baseline, numeric

BASELINE = baseline(numeric("moved"), numeric("gone"), numeric("usual"))


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ({}, {"e_detector": {"moved", "gone"}}),
        ({"psi": 0.2}, {"psi": {"moved"}, "e_detector": {"gone"}}),
        ({"null_rate": 0.3, "psi": 0.2}, {"psi": {"moved"}, "null_rate": {"gone"}, "e_detector": set()}),
        ({"null_rate": 0.3}, {"null_rate": {"gone"}, "e_detector": set()}),
    ],
)
def test_an_alarm_is_published_under_the_method_that_raised_it(
    limits: dict[str, float], raised: dict[str, set[str]]
) -> None:
    rng, monitor = np.random.default_rng(0), Monitor(BASELINE, Settings(rows_per_step=500, thresholds=limits))
    for _ in range(4):
        columns = {"moved": rng.uniform(0.5, 1.0, 500), "gone": np.full(500, np.nan), "usual": rng.uniform(size=500)}
        monitor.observe(columns, rows=500)
        monitor.advance()
    names = [variable.name for variable in BASELINE.variables]
    gauges = Gauges({}, BASELINE, names, names, (), tuple(limits))
    gauges.show(monitor.report())
    found = defaultdict[object, dict[object, int]](dict)
    for series, value in gauges.alarms():
        found[series["ml.drift.method"]][series["ml.feature.name"]] = value
    assert {method: {name for name, value in each.items() if value} for method, each in found.items()} == raised
    assert all(list(each) == list(found["e_detector"]) for each in found.values()), (
        "series with no alarm are there as 0"
    )
    features = {series["ml.drift.method"]: value for series, value in gauges.features()}
    assert features == {method: len(each) for method, each in raised.items()}

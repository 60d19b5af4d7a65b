"""A representative part of the simulations of `python -m benchmarks.drift`: alarms where nothing drifts, beside the promise."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.drift import page
from benchmarks.drift.false_alarms import SEEDS, Case, grid, simulate
from benchmarks.drift.stream import alarms
from benchmarks.drift.traffic import population, steps
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.settings import Settings

STEPS = 250

CASES = [
    Case("mixed", "steady", "baseline", 2_000, 100),
    Case("numeric", "steady", "baseline", 2_000, 10_000),
    Case("ties", "steady", "baseline", 2_000, 1_000),
    Case("mixed", "edge", "baseline", 100_000, 1_000),
    Case("numeric", "edge", "baseline", 100_000, 10_000),
    Case("mixed", "bursts", "baseline", 100_000, 1_000),
    Case("mixed", "blocks", "baseline", 100_000, 10_000),
    Case("mixed", "steady", "learned", 5_000, 1_000),
    Case("mixed", "steady", "previous", 0, 1_000),
    Case("mixed", "steady", "last_week", 0, 1_000),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, vars(case).values())))
def test_no_more_alarms_than_promised(case: Case, seed: int) -> None:
    """Even with a hundred times the default budget. In so few steps the default allows less than one alarm: so none."""
    found = simulate(case, seed, STEPS)
    assert found.loose_raised <= found.loose_promised
    assert found.raised <= found.promised


def test_these_are_cases_of_the_whole_grid() -> None:
    assert set(CASES) <= set(grid())


def test_the_same_wandering_traffic_does_alarm_where_the_training_data_did_not_show_it() -> None:
    """So that the silence above is no deafness."""
    rng = np.random.default_rng(1)
    calm = population("numeric", 20, 100_000, "steady", rng)
    detector = Detector(calm.variables, Settings(rows_per_step=10_000))
    assert alarms([detector], steps(calm, 10_000, "blocks", rng), STEPS, calm.reference)[0]


def test_the_table_counts_all_seeds_and_rates() -> None:
    run = {"kinds": "mixed", "traffic": "steady", "reference": "baseline", "reference_rows": 2000, "rows": 100}
    counted = {"promised": 0.99, "raised": 1, "loose_promised": 99.0, "loose_raised": 3}
    table = page.false_alarm_table([{**run, **counted, "seed": seed} for seed in (1, 2)])
    assert "| mixed | steady | a baseline of 2,000 rows | 1.98 | 2 | 198 | 6 |" in table
    assert "2 of the 2 alarms that were allowed, and 6 of 198" in table

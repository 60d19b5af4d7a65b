"""What a report says of the whole, where what it is compared with moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift import Monitor, Report, Settings
from otel_ml.drift.variables import Variable
from tests.drift.made import Wall, baseline, numeric, uniform


def report(steps: int, rows: int, *variables: Variable, nulls: float = 0.0, **options: object) -> Report:
    """Of steps with so many rows each, in which a share of `b` is null."""
    settings = Settings(lateness=0.0, **options)  # type: ignore[arg-type]  # of any setting
    one, rng = Monitor(baseline(*variables), settings, wall=Wall()), np.random.default_rng(0)
    for step in range(steps):
        columns = uniform(rng, rows, *(variable.name for variable in variables))
        if "b" in columns:
            columns["b"][rng.random(rows) < nulls] = np.nan
        one.observe(columns, rows=rows, times=step * settings.step)
    one.flush()
    return one.report()


def test_rows_and_tolerance_are_those_of_the_longest_look_back() -> None:
    """An hour has too few rows for an alarm, and several together have enough."""
    found = report(168 + 64, 600, numeric("a"), reference="last_week")
    assert not any("there is no alarm" in note for note in found.notes)
    assert found.features[0].tolerance == 0.05


def test_rows_that_are_too_few_are_told() -> None:
    found = report(168 + 64, 20, numeric("a"), reference="last_week")
    assert "the same hours last week have 1,280 rows: below 2,000 there is no alarm" in found.notes
    assert found.features[0].tolerance is None
    found = report(64, 20, numeric("a"), reference="previous")
    assert "the steps before have 1,240 rows: below 2,000 there is no alarm" in found.notes


def test_columns_with_too_few_values_are_told() -> None:
    rare = replace(numeric("b"), rows=20_000, nulls=16_000, counts=(400,) * 10)
    found = report(400, 33, numeric("a"), rare, nulls=0.8, reference="previous")
    (note,) = (note for note in found.notes if "values" in note)
    assert note.startswith(
        "the steps before have less than 2,000 values, so that there is no alarm about the distribution"
    )
    assert ", of 1 variable: b " in note
    assert {one.name: one.tolerance is None for one in found.features} == {"a": False, "b": True}


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("previous", "the training data go up and down or the steps before have few rows"),
        ("baseline", "the training data go up and down or are few"),
    ],
)
def test_why_a_tolerance_is_larger_is_told_of_what_it_is_compared_with(reference: str, why: str) -> None:
    variables = [numeric(f"x{place}", 20) for place in range(40)]
    if reference == "baseline":
        variables = [replace(one, block_distance=0.1) for one in variables]
    found = report(150, 33, *variables, reference=reference)
    (note,) = (note for note in found.notes if note.startswith("the tolerance"))
    assert f", as {why}: x" in note

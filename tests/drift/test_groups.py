"""Variables that drift together make one story, and others do not."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift import Change, Moment
from otel_ml.drift.alarms import Raised
from otel_ml.drift.groups import association, groups_of
from otel_ml.drift.layout import FIRST, NULL
from otel_ml.drift.samples import Sample
from otel_ml.drift.variables import Variable

RNG = np.random.default_rng(0)
ROWS = 2_000


def raised(variable: int, effect: float, cause: str = "distribution", step: int = 5) -> list[Raised]:
    change = Change(True, variable, f"v{variable}", "feature", cause, "e_detector", 0.2, 100, Moment(step, 100))
    return [Raised(change, effect)]


def bins_of(values: np.ndarray, bins: int = 10) -> np.ndarray:
    return FIRST + np.searchsorted(np.quantile(values, np.arange(1, bins) / bins), values)


def sample(*columns: np.ndarray) -> Sample:
    bins = np.column_stack(columns).astype(np.uint8)
    return Sample([""] * len(bins), bins)


def numeric(*names: str) -> list[Variable]:
    return [Variable(name) for name in names]


def test_correlated_variables_are_one_group_and_the_strongest_group_is_the_first() -> None:
    cause, other = RNG.normal(size=(2, ROWS))
    noise = RNG.normal(size=(4, ROWS)) * 0.4
    rows = sample(
        bins_of(other + noise[0]),
        bins_of(cause + noise[1]),
        bins_of(-cause + noise[2]),
        bins_of(other),
        bins_of(noise[3]),
    )
    alarms = {0: raised(0, 0.2), 1: raised(1, 0.5), 2: raised(2, 0.1), 3: raised(3, 0.3), 4: raised(4, 0.9)}
    assert groups_of(numeric("a", "b", "c", "d", "e"), alarms, rows) == {1: 1, 2: 1, 3: 2, 0: 2}


def test_only_variables_in_alarm_are_grouped() -> None:
    cause = RNG.normal(size=ROWS)
    rows = sample(*[bins_of(cause)] * 3)
    assert groups_of(numeric("a", "b", "c"), {0: raised(0, 0.2)}, rows) == {}
    assert groups_of(numeric("a", "b", "c"), {}, rows) == {}
    assert groups_of(numeric("a", "b", "c"), {0: raised(0, 0.2), 2: raised(2, 0.1)}, rows) == {0: 1, 2: 1}


def test_a_source_that_fails_is_one_story() -> None:
    gone = np.full(ROWS, NULL)
    rows = sample(gone, gone, gone)
    alarms = {0: raised(0, 0.9, "null"), 1: raised(1, 0.8, "null"), 2: raised(2, 0.7, "null", step=40)}
    assert groups_of(numeric("a", "b", "c"), alarms, rows) == {0: 1, 1: 1}


def test_what_is_derived_goes_with_its_source() -> None:
    text = Variable("text", kind="text")
    derived = [Variable(f"text.{how}", source="text", derivation=how) for how in ("unseen_tokens", "non_letters")]
    rows = sample(*RNG.integers(FIRST, FIRST + 10, (3, ROWS)))
    assert groups_of([text, *derived], {0: raised(0, 0.1), 1: raised(1, 0.5), 2: raised(2, 0.1)}, rows) == {
        0: 1,
        1: 1,
        2: 1,
    }
    assert groups_of([text, *derived], {1: raised(1, 0.5), 2: raised(2, 0.1)}, rows) == {1: 1, 2: 1}


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_independent_variables_are_not_associated(kind: str) -> None:
    variables = [Variable("a", kind=kind), Variable("b", kind="categorical")]  # type: ignore[arg-type]  # a kind
    for rows in (60, 300, 5_000):
        bins = RNG.integers(FIRST, FIRST + 20, (rows, 2))
        assert association(variables, bins, 0, 1) < 0.25


def test_a_category_that_follows_from_a_number_is_associated_with_it() -> None:
    value = RNG.integers(0, 10, ROWS)
    bins = np.column_stack([value, (value * 7) % 10]) + FIRST
    assert association([Variable("a"), Variable("b", kind="categorical")], bins, 0, 1) > 0.99
    assert association(numeric("a", "b"), bins, 0, 1) < 0.3  # though not in rank


def test_nulls_and_constants_say_nothing() -> None:
    value = RNG.integers(FIRST, FIRST + 10, ROWS)
    constant = np.full(ROWS, FIRST)
    mostly_null = np.where(np.arange(ROWS) < ROWS - 40, NULL, value)
    for kind in ("numeric", "categorical"):
        variables = [Variable(name, kind=kind) for name in "ab"]
        assert association(variables, np.column_stack([value, constant]), 0, 1) == 0
        assert association(variables, np.column_stack([value, mostly_null]), 0, 1) == 0

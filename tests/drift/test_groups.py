"""Variables that drift together make one story, and others do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift import Change, Moment
from otel_ml.drift.alarms import Raised
from otel_ml.drift.association import association
from otel_ml.drift.groups import groups_of
from otel_ml.drift.layout import FIRST, NULL
from otel_ml.drift.samples import Sample
from otel_ml.drift.variables import Variable

RNG = np.random.default_rng(0)
ROWS = 2_000


def raised(
    variable: int, effect: float, cause: str = "distribution", step: int = 5, since: int | None = None
) -> list[Raised]:
    change = Change(True, variable, f"v{variable}", "feature", cause, "e_detector", 0.2, 100, Moment(step, 100))
    return [Raised(replace(change, since=Moment(step if since is None else since, 100)), effect)]


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


def test_what_goes_together_but_began_at_other_times_is_two_stories() -> None:
    cause = RNG.normal(size=ROWS)
    rows = sample(bins_of(cause), bins_of(cause))
    early, late = raised(0, 0.5, step=5), raised(1, 0.4, step=40, since=33)
    assert groups_of(numeric("a", "b"), {0: early, 1: late}, rows) == {}
    slow = raised(
        1, 0.4, step=20, since=9
    )  # a weak one of the same time is found late, and dated to within its look-back
    assert groups_of(numeric("a", "b"), {0: early, 1: slow}, rows) == {0: 1, 1: 1}


def test_rare_events_of_one_step_are_one_story_only_in_the_same_rows() -> None:
    hit = RNG.random((2, ROWS)) < 0.02
    values = RNG.integers(FIRST, FIRST + 10, (3, ROWS))
    rows = sample(
        np.where(hit[0], NULL, values[0]), np.where(hit[1], NULL, values[1]), np.where(hit[0], NULL, values[2])
    )
    alarms = {index: raised(index, 0.01, "null") for index in range(3)}
    assert groups_of(numeric("a", "b", "c"), alarms, rows) == {0: 1, 2: 1}
    assert groups_of(numeric("a", "b", "c"), alarms, sample(*values)) == {0: 1, 1: 1, 2: 1}  # too rare to be sampled


def test_a_mixture_of_all_features_links_nothing() -> None:
    features = RNG.normal(size=(3, ROWS))
    mixture, other = features.T @ [0.3, 0.9, 0.1], features.T @ [1.0, 1.0, 0.1]
    rows = sample(*map(bins_of, (*features, mixture, other)))
    variables = [*numeric("a", "b", "c"), *(Variable(name, subject="multivariate") for name in ("mixed", "other"))]
    every = {index: raised(index, 0.5 - index / 10) for index in range(5)}
    found = groups_of(variables, every, rows)
    assert found[3] == found[1]
    assert 2 not in found  # it stands alone
    assert found.get(0) != found[1]
    assert groups_of(variables, {3: every[3], 4: every[4]}, rows) == {3: 1, 4: 1}
    alone = {0: raised(0, 0.5, step=90), 3: every[3]}
    assert groups_of(variables, alone, rows) == {}


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

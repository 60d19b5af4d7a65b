"""What is suggested, and what is noted as suspicious."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.checking import check
from otel_ml.drift.variables import Constraints, Variable

ROWS = 3_000
RNG = np.random.default_rng(1)


def fitted(**columns: Any) -> dict[str, Variable]:
    return {variable.name: variable for variable in Baseline.fit(columns, projections=False).variables}


def texts(*values: str | None) -> list[str | None]:
    return list(values) * (ROWS // len(values))


def test_constraints_are_what_the_data_were() -> None:
    found = fitted(
        age=np.arange(ROWS) % 90,
        change=np.linspace(-1, 1, ROWS),
        city=texts("Oslo", "Rome"),
        vip=np.arange(ROWS) % 2 == 0,
        when=np.datetime64("2024-01-01") + np.arange(ROWS),
    )
    assert {name: variable.constraints for name, variable in found.items()} == {
        "age": Constraints("integer", 1.0, 0.0, 89.0, non_negative=True, never_null=True),
        "change": Constraints("number", 1.0, -1.0, 1.0, never_null=True),
        "city": Constraints("string", 1.0, allowed=("Oslo", "Rome"), never_null=True),
        "vip": Constraints("boolean", 1.0, never_null=True),
        "when": Constraints("datetime", 1.0, never_null=True),
    }


@pytest.mark.parametrize(("every", "bearable"), [(500, 0.004), (100, 0.02), (5, 0.25)])
def test_completeness_leaves_room_for_chance_and_for_what_raises_no_alarm(every: int, bearable: float) -> None:
    rows = 100_000
    nulls = np.where(np.arange(rows) % every == 0, np.nan, 1.0 * np.arange(rows))
    constraints = fitted(x=nulls)["x"].constraints
    assert constraints.completeness == pytest.approx(1 - bearable, abs=0.0011)
    assert not constraints.never_null


def test_only_what_came_as_integers_is_expected_to_stay_so() -> None:
    whole = np.arange(ROWS) % 90
    found = fitted(count=whole, amount=whole.astype(float), objects=whole.astype(object), mixed=[1.0, 2] * (ROWS // 2))
    types = {name: variable.constraints.type for name, variable in found.items()}
    assert types == {"count": "integer", "amount": "number", "objects": "integer", "mixed": "number"}


@pytest.mark.parametrize("fitted_as", [int, float])
def test_fractions_where_whole_numbers_were_are_in_their_bins(fitted_as: type) -> None:
    baseline = Baseline.fit({"x": RNG.integers(1, 100, 20_000).astype(fitted_as)}, projections=False)
    (found,) = check({"x": RNG.gamma(2, 3, 20_000) + 1}, baseline, rows_per_step=1_000).features
    assert "distribution" in found.causes
    assert found.scores["total_variation"] is not None
    assert ("range" in found.causes) == (fitted_as is int)
    assert "type" not in found.violations


def test_dates_and_serial_numbers_move_on_without_an_alarm() -> None:
    start = np.datetime64("2026-01-01")
    columns = {"at": start + np.arange(ROWS), "order": 70_000 + np.arange(ROWS), "x": np.sort(RNG.normal(size=ROWS))}
    live = {"at": start + 2 * ROWS + np.arange(ROWS), "order": 90_000 + np.arange(ROWS), "x": RNG.normal(size=ROWS)}
    found = fitted(**columns)
    assert {name: one.advancing for name, one in found.items()} == {"at": True, "order": True, "x": False}
    assert "moves on with time: no alarm for its distribution" in found["at"].notes[0]
    assert "as serial numbers and times do: no alarm" in found["order"].notes[0]
    assert "rows that are sorted by it, or a time?" in found["x"].notes[0]
    baseline = Baseline.fit(columns, projections=False)
    assert not check(live, Baseline.from_json(baseline.to_json()), rows_per_step=500).alarm
    assert check({**live, "at": [None] * ROWS}, baseline, rows_per_step=500).alarm
    declared = Baseline.fit(columns, projections=False, kinds={"at": "datetime", "order": "numeric"})
    assert not any(variable.advancing for variable in declared.variables)
    report = check(live, declared, rows_per_step=500)
    assert {one.name for one in report.features if one.alarm} == {"at", "order"}


def test_there_are_no_more_different_values_than_values() -> None:
    assert all(one.distinct <= 20_000 for one in fitted(x=RNG.normal(size=20_000), y=np.arange(20_000)).values())


def test_few_rows_suggest_nothing_of_what_there_was_not() -> None:
    found = {v.name: v.constraints for v in Baseline.fit({"x": [1.5, 2.0], "city": ["Oslo", "Rome"]}).variables}
    assert found == {"x": Constraints("number"), "city": Constraints("string")}


def test_no_range_where_training_had_infinities() -> None:
    constraints = fitted(x=np.where(np.arange(ROWS) % 9, 1.0 * np.arange(ROWS), np.inf))["x"].constraints
    assert (constraints.minimum, constraints.maximum) == (1.0, None)


def test_digits_in_a_text_may_be_served_as_numbers() -> None:
    assert fitted(code=texts("1", "2", "A"))["code"].constraints.type is None


def test_many_categories_are_not_listed() -> None:
    constraints = fitted(city=[f"city {i % 500}" for i in range(ROWS)])["city"].constraints
    assert (constraints.type, constraints.allowed) == ("string", None)


def test_scores_between_0_and_1_are_expected_there() -> None:
    found = Baseline.fit(
        {"s": np.linspace(0.2, 0.7, ROWS), "y": np.arange(ROWS) / 7}, score="s", prediction="y"
    ).variables
    constraints = {variable.name: variable.constraints for variable in found}
    assert (constraints["score"].minimum, constraints["score"].maximum) == (0.0, 1.0)
    assert (constraints["prediction"].minimum, constraints["prediction"].maximum) == (None, None)


NOTED: dict[str, dict[str, Any]] = {
    "constant: every value is the same": {"x": np.ones(ROWS)},
    "no value at all": {"x": np.full(ROWS, np.nan)},
    "mostly null: 75%": {"x": texts(None, None, None, "a")},
    "300 values are infinite": {"x": np.where(np.arange(ROWS) % 10, 1.0 * np.arange(ROWS), -np.inf)},
    "almost unique whole numbers: an identifier?": {"x": RNG.permutation(ROWS)},
    "almost unique: compared by length": {"x": [f"{i:x}" for i in range(ROWS)]},
    "a number that looks like a category": {"zip_code": RNG.choice([1010, 1020, 2040, 8010], ROWS)},
    "values of type dict: nothing but nulls": {"x": [{"a": 1}] * ROWS},
    "1,500 values give scores, but no alarm": {"x": np.where(np.arange(ROWS) % 2, np.nan, RNG.normal(size=ROWS))},
}


def test_almost_nothing_but_nulls_is_expected_to_stay_so() -> None:
    baseline = Baseline.fit({"speed": np.where(np.arange(ROWS) % 200, np.nan, 90.0)})
    assert baseline.variables[0].constraints.completeness == 0
    assert Baseline.from_json(baseline.to_json()) == baseline


def test_few_rows_are_no_news_of_each_variable() -> None:
    (variable,) = Baseline.fit({"x": RNG.normal(size=500)}, projections=False).variables
    assert variable.notes == ()


@pytest.mark.parametrize("note", NOTED)
def test_what_is_suspicious_is_noted(note: str) -> None:
    (variable,) = fitted(**NOTED[note]).values()
    assert any(note in said for said in variable.notes)


def test_codes_are_told_from_counts_and_amounts() -> None:
    found = fitted(
        http_status=RNG.choice([200, 201, 404, 500], ROWS),
        answers=RNG.choice([111, 222, 333, 999], ROWS),
        children=RNG.integers(0, 6, ROWS),
        age=RNG.integers(18, 90, ROWS),
        amount=RNG.integers(0, 10**6, ROWS),
        flag=RNG.integers(0, 2, ROWS),
        share=RNG.random(ROWS),
    )
    suspected = {name for name, variable in found.items() if any("like a category" in note for note in variable.notes)}
    assert suspected == {"http_status", "answers"}


def test_what_is_as_it_should_be_has_no_notes() -> None:
    assert [variable.notes for variable in fitted(x=RNG.normal(size=ROWS), city=texts("a", "b")).values()] == [(), ()]


def leaking(target: Any, **features: Any) -> set[str]:
    baseline = Baseline.fit({**features, "target": target}, target="target")
    assert "target" not in {variable.name for variable in baseline.variables}
    return {v.name for v in baseline.variables if any("gives the target away" in note for note in v.notes)}


def test_features_that_give_a_class_away_are_found() -> None:
    churned = RNG.random(ROWS) < 0.3
    features = {
        "copy": churned.astype(float),
        "reason": np.where(churned, "left us", "stays").astype(object),
        "cancelled": np.where(churned, RNG.normal(9, 1, ROWS), np.nan),
        "score": churned + RNG.normal(0, 0.1, ROWS),
        "hint": churned + RNG.normal(0, 0.8, ROWS),
        "noise": RNG.normal(size=ROWS),
        "city": RNG.choice(["a", "b"], ROWS),
        "user": np.array([f"u{i}" for i in range(ROWS)]),
    }
    assert leaking(churned, **features) == {"copy", "reason", "cancelled", "score"}
    assert leaking(np.where(churned, "yes", "no"), **features) == {"copy", "reason", "cancelled", "score"}


def test_features_that_give_an_amount_away_are_found() -> None:
    price = RNG.lognormal(size=ROWS)
    features = {
        "cents": np.round(price * 100),
        "log": -np.log(price),
        "near": price * RNG.lognormal(sigma=0.7, size=ROWS),
        "noise": RNG.normal(size=ROWS),
    }
    assert leaking(price, **features) == {"cents", "log"}


def test_a_rare_class_is_not_given_away_by_guessing_the_other() -> None:
    assert leaking(RNG.random(ROWS) < 0.002, noise=RNG.normal(size=ROWS)) == set()

"""The policy answers for columns of training data as it does for the rows of a prediction."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from otel_ml.config import Config
from otel_ml.privacy.treatment import Treatment

KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    ("name", "options", "action"),
    [
        ("age", {}, "keep"),
        ("email", {}, "mask"),
        ("email", {"privacy_action": "drop"}, "drop"),
        ("email", {"privacy_action": "hash", "hash_key": KEY}, "hash"),
        ("email", {"unmask": ("e*",)}, "keep"),
        ("age", {"feature_actions": {"age": "round"}}, "round"),
        ("age", {"feature_deny": ("a*",)}, "drop"),
        ("age", {"feature_allow": ("b*",)}, "drop"),
        ("age", {"capture": "outputs"}, "drop"),
        ("age", {"capture": "known"}, "keep"),
        (None, {"capture": "outputs"}, "keep"),
        (None, {"capture": "off"}, "drop"),
    ],
)
def test_what_is_done_with_a_column(name: str | None, options: dict[str, Any], action: str) -> None:
    assert Treatment(Config(**options)).action(name) == action


@pytest.mark.parametrize(
    ("name", "text", "options", "label"),
    [
        ("city", "Oslo", {}, "Oslo"),
        ("city", "a city whose name is longer than a value that is captured", {"max_value_length": 16}, None),
        ("city", "ann@example.com", {}, "[masked]"),
        ("city", "ann@example.com", {"privacy_action": "drop"}, "[masked]"),
        ("city", "ann@example.com", {"feature_actions": {"city": "keep"}}, "ann@example.com"),
        (None, "ann@example.com", {}, "[masked]"),
        (None, "Oslo", {}, "Oslo"),
    ],
)
def test_how_a_category_may_stand(name: str | None, text: str, options: dict[str, Any], label: str | None) -> None:
    assert Treatment(Config(**options)).category(name, text) == (text if label is None else label)


def test_a_hash_is_that_of_the_policy() -> None:
    treatment = Treatment(Config(feature_actions={"id": "hash"}, hash_key=KEY))
    assert len(treatment.category("id", "x")) == 16
    assert treatment.category("id", "x") == treatment.category("id", "x") != treatment.category("id", "y")


def test_numbers_are_rounded_or_refused() -> None:
    treatment = Treatment(Config(feature_actions={"income": "round"}))
    assert treatment.number("income", 54_321.0) == 50_000.0
    assert treatment.number("age", 41.5) == 41.5
    assert treatment.number("pan", 4111111111111111.0) is None
    assert treatment.number(None, 0.25) == 0.25


def test_a_name_stays_unless_it_is_itself_sensitive() -> None:
    treatment = Treatment(Config())
    assert treatment.safe_name("age.years") == "age.years"
    assert treatment.safe_name("ann@example.com").startswith("masked_")


OTHER = "another key, as long"
HASHED: dict[str, Any] = {"feature_actions": {"plan": "hash", "income": "round"}, "hash_key": KEY}


def test_marks_tell_what_is_done_and_nothing_of_the_key() -> None:
    treatment = Treatment(Config(**HASHED, round_digits=2))
    marks = {name: treatment.mark(name) for name in ("plan", "income", "age", "bob@example.com")}
    assert marks["income"] == "round 2"
    assert marks["age"] is None
    assert marks["plan"] == str(marks["bob@example.com"]).replace("name", "hash")
    assert marks["plan"] != Treatment(Config(**{**HASHED, "hash_key": OTHER})).mark("plan")
    assert str(marks["plan"]).split()[1] not in treatment.category("plan", "mark")
    assert Treatment(Config()).mark("bob@example.com") == "name"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (HASHED, None),
        ({**HASHED, "feature_deny": ("plan",)}, None),  # what is not looked at cannot differ
        ({**HASHED, "hash_key": OTHER}, "'plan' was hashed with another key;"),
        ({**HASHED, "round_digits": 3}, "'income' was rounded to 1 and is to 3 digits now;"),
        ({**HASHED, "feature_actions": {"plan": "hash"}}, "'income' was rounded and is kept as it is now;"),
        ({**HASHED, "feature_actions": {"*": "hash"}}, "'income' was rounded and is hashed now, 'age' was kept as"),
        ({}, "'plan' was hashed and is kept as it is now, 'income' was rounded and"),
    ],
)
def test_what_is_done_otherwise_than_in_the_fit_is_said(options: dict[str, Any], says: str | None) -> None:
    names = ("plan", "income", "age")
    marks = {name: mark for name in names if (mark := Treatment(Config(**HASHED)).mark(name)) is not None}
    found = Treatment(Config(**options)).differences(marks, names)
    assert (found is None) if says is None else (found is not None and says in found)


def test_a_name_that_is_a_hash_is_found_again_with_the_same_key_only() -> None:
    treatment = Treatment(Config(hash_key=KEY))
    name, mark = treatment.safe_name("bob@example.com"), treatment.mark("bob@example.com")
    assert mark is not None
    assert treatment.differences({name: mark}, [name]) is None
    assert "hashed with another key" in str(Treatment(Config(hash_key=OTHER)).differences({name: mark}, [name]))
    assert "hashed without a key" in str(Treatment(Config()).differences({name: "name"}, [name]))


def test_it_is_the_same_in_another_process() -> None:
    treatment = Treatment(Config(feature_actions={"id": "hash"}, hash_key=KEY))
    there = pickle.loads(pickle.dumps(treatment))
    assert there == treatment == copy.deepcopy(treatment)
    assert there.category("id", "x") == treatment.category("id", "x")
    assert there != Treatment(Config())

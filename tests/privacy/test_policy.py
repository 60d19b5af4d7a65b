"""The policy: what wins over what, what a value becomes, and that nothing hostile gets through or costs much."""

from __future__ import annotations

import math
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.config import Config
from otel_ml.privacy import MASKED, Policy, approximate_size
from otel_ml.semconv.attributes import ML_FEATURE_VALUE_TEMPLATE
from tests.privacy.support import CARD, KEY, MAIL, Hostile, one
from tests.support.growth import assert_grows_less


class TestPrecedence:
    @pytest.mark.parametrize(
        ("capture", "outputs", "features", "x", "other"),
        [
            ("off", False, False, None, None),
            ("outputs", True, False, None, None),
            ("known", True, True, 1, None),
            ("all", True, True, 1, 1),
        ],
    )
    def test_capture_comes_first(self, capture: str, outputs: bool, features: bool, x: object, other: object) -> None:
        policy = Policy(Config(capture=capture))
        assert (policy.captures_outputs, policy.captures_features) == (outputs, features)
        known = frozenset({"x"})
        generous = {"capture": capture, "feature_allow": "*", "feature_actions": "*=keep"}
        assert one(1, "x", known, **generous) == x
        assert one(1, "other", known, **generous) == other

    def test_nothing_is_known_of_a_model_without_names(self) -> None:
        assert one(1, capture="known") is None

    def test_two_models_with_the_same_features_may_know_different_ones(self) -> None:
        policy = Policy(Config(capture="known"))
        for known in ("a", "b", "a"):
            plan = policy.plan(("a", "b"), frozenset({known}))
            assert plan.attributes([1, 1]) == ({f"ml.feature.value.{known}": 1}, 1)

    def test_deny_wins_over_allow_and_allow_over_actions(self) -> None:
        assert one(1, feature_deny="x*", feature_allow="x", feature_actions="x=keep") is None
        assert one(1, feature_allow="y", feature_actions="x=keep") is None
        assert one(1, feature_allow="y,x") == 1

    def test_the_first_explicit_action_wins_over_every_mask(self) -> None:
        assert one(MAIL, "email") == MASKED
        assert one(MAIL, "email", feature_actions="email=keep") == MAIL
        assert one(1, "email", feature_actions="email=drop,e*=keep") is None
        assert one(1234, feature_actions={"x": "round", "*": "drop"}) == 1000
        assert one("y", feature_actions="x=mask") == MASKED

    def test_unmask_lifts_the_mask_by_name_but_not_by_value(self) -> None:
        assert one("card", "token", unmask="tok*") == "card"
        assert one(MAIL, "token", unmask="tok*") == MASKED

    def test_globs_match_a_name_as_it_is_and_as_backends_show_it(self) -> None:
        for glob in ("a.b", "a_b", "a.*", "a_?"):
            assert one(1, "a.b", feature_deny=glob) is None
        assert one(1, "A.b", feature_deny="a.b") == 1

    @pytest.mark.parametrize(("action", "expected"), [("mask", MASKED), ("drop", None), ("round", MASKED)])
    def test_the_action_for_what_is_found_sensitive(self, action: str, expected: object) -> None:
        assert one("ann", "email", privacy_action=action) == expected
        assert one(CARD, privacy_action=action) == expected
        assert one("plain", privacy_action=action) == "plain"
        assert Policy(Config(privacy_action=action)).text(CARD) == MASKED

    def test_extra_words(self) -> None:
        assert one("flu", "mainDiagnosis", mask_words="diagnosis") == MASKED


class TestCaps:
    def test_the_first_features_are_captured_and_the_others_that_are_not_null_counted(self) -> None:
        plan = Policy(Config(max_features=2)).plan(("a", "b", "c", "d", "e"))
        assert plan.attributes([1, None, 3, None, "x"]) == ({"ml.feature.value.a": 1}, 2)
        assert [plan.captured(index) for index in range(5)] == [True, True, False, False, False]
        assert Policy(Config(max_features=0)).plan(("a",)).attributes([1]) == ({}, 1)

    def test_denied_features_take_no_place(self) -> None:
        plan = Policy(Config(max_features=2, feature_deny=("a", "b"))).plan(("a", "b", "c", "d"))
        assert plan.attributes([1, 2, 3, 4]) == ({"ml.feature.value.c": 3, "ml.feature.value.d": 4}, 2)

    def test_actions_are_told_beyond_the_cap(self) -> None:
        plan = Policy(Config(max_features=1, feature_deny=("d",))).plan(("a", "b", "email", "d"))
        assert [plan.action(index) for index in range(4)] == ["check", "check", "mask", "drop"]

    def test_long_texts_are_cut_with_a_sign(self) -> None:
        policy = Policy(Config(max_value_length=16))
        assert policy.text("lorem ipsum dolo") == "lorem ipsum dolo"
        assert policy.text("lorem ipsum dolor") == "lorem ipsum dol…"

    @pytest.mark.parametrize(
        "secret", [CARD, MAIL, "sk-" + "a1" * 20, "-----BEGIN PRIVATE KEY-----", "password=hunter2"]
    )
    @pytest.mark.parametrize("shift", range(-45, 5, 7))
    def test_a_secret_across_the_cut_leaks_no_half(self, secret: str, shift: int) -> None:
        text = "word " * 100
        text = f"{text[: 255 + shift]} {secret} {text}"
        assert one(text) == MASKED
        assert Policy(Config()).text(text) == MASKED

    def test_approximate_size(self) -> None:
        small = approximate_size({"a": 1})
        assert small < approximate_size({"a": "x" * 100}) < approximate_size({"a": "é" * 100})
        assert approximate_size({"a": ("x" * 50, "y" * 50), "b": 1.5}) > 100


text = st.one_of(
    st.text(max_size=400),
    st.sampled_from([MAIL, CARD, "a\ud800", "x" * 5000, "GB82 WEST 1234 5698 7654 32"]),
    st.text(st.characters(categories=["Cs", "Cc", "Nd", "L"]), max_size=30),
)
value = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), text, st.binary(max_size=3), st.builds(Hostile), st.just([1])
)
configs = st.fixed_dictionaries(
    {"hash_key": st.just(KEY)},
    optional={
        "capture": st.sampled_from(["off", "outputs", "known", "all"]),
        "privacy_action": st.sampled_from(["mask", "drop", "hash", "round"]),
        "feature_actions": st.dictionaries(
            st.sampled_from(["*", "a*", "email"]), st.sampled_from(["keep", "drop", "mask", "hash", "round"])
        ),
        "feature_deny": st.sampled_from(["", "a*", "*"]),
        "max_features": st.integers(0, 5),
        "max_value_length": st.integers(16, 100),
        "round_digits": st.integers(1, 15),
    },
)


@settings(deadline=None)
@given(configs, st.dictionaries(st.one_of(text, st.sampled_from(["a", "a.b", "a_b", "email"])), value, max_size=8))
def test_whatever_comes_in_what_goes_out_can_be_exported(options: dict[str, Any], row: dict[str, Any]) -> None:
    config = Config(**options)
    plan = Policy(config).plan(tuple(row), frozenset(row))
    attributes, dropped = plan.attributes(list(row.values()))
    nulls = sum(item is None or (type(item) is float and math.isnan(item)) for item in row.values())
    unseen = sum(type(item) is float and math.isnan(item) for item in row.values())
    assert len(row) - nulls <= len(attributes) + dropped <= len(row) - nulls + unseen
    assert len(attributes) <= config.max_features
    for key, found in attributes.items():
        assert key.startswith(f"{ML_FEATURE_VALUE_TEMPLATE}.")
        assert key.encode()
        assert type(found) in (str, bool, int, float)
        assert not (isinstance(found, float) and math.isnan(found))
        assert not (isinstance(found, int) and not -(2**63) <= found < 2**63)
        assert not (isinstance(found, str) and len(found.encode()) > 4 * config.max_value_length)


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from([MAIL, CARD, "AKIAIOSFODNN7EXAMPLE"]), st.text(max_size=300))
def test_a_text_with_a_secret_leaks_nothing_of_it(before: str, secret: str, after: str) -> None:
    policy = Policy(Config())
    whole = f"{before} {secret} {after}"
    found = policy.text(whole)
    assert found == MASKED
    assert policy.plan(("x",)).attributes([whole])[0] == {"ml.feature.value.x": MASKED}


@pytest.mark.parametrize("piece", ["a", "1 ", "@", "a@b.", "é", "\ud800", "password "])
def test_a_huge_text_costs_no_more_than_one_at_the_limit(piece: str) -> None:
    policy = Policy(Config())
    short, huge = ((piece * length)[:length] for length in (1_000, 10_000_000))
    assert_grows_less(20, lambda: policy.text(short), lambda: policy.text(huge))


def test_ten_thousand_new_names_a_row_cost_little_and_are_not_remembered_for_ever() -> None:
    policy = Policy(Config())
    tracemalloc.start()
    held = []
    for number in range(60):
        names = tuple(f"{number}_{index}" for index in range(10_000))
        policy.plan(names).safe_name(9_999)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held[30:]) < 1.2 * max(held[:30])


def test_the_plan_of_a_schema_is_made_once() -> None:
    policy = Policy(Config())
    names = ("a", "b")
    plan = policy.plan(names)
    for index in range(10_000):
        policy.plan((f"n{index}",))
        assert policy.plan(names) is plan


def test_texts_without_end_are_not_remembered_for_ever() -> None:
    policy = Policy(Config())
    tracemalloc.start()
    for number in range(20_000):
        policy.text(f"text number {number}")
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 2_000_000


def test_threads_agree_on_a_schema() -> None:
    policy = Policy(Config(max_features=2))
    names = ("a.b", "a_b", "a.b.c", "a_b_c", "ann@example.com")

    def label(_: int) -> tuple[str, ...]:
        plan = policy.plan(names)
        return tuple(plan.safe_name(index) for index in reversed(range(len(names))))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(label, range(400)))) == 1

"""What one value becomes."""

from __future__ import annotations

import math
import re

import pytest

from otel_ml.config import Config
from otel_ml.privacy import MASKED, Policy
from tests.privacy.support import CARD, KEY, MAIL, Hostile, one


class TestValues:
    @pytest.mark.parametrize(
        "value", [True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, math.inf, -math.inf, "", "UA", 1e300]
    )
    def test_plain_values_stay_as_they_are(self, value: object) -> None:
        found = one(value)
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**40])
    def test_integers_beyond_64_bits_are_texts(self, value: int) -> None:
        assert one(value) == str(value)

    def test_an_integer_too_long_to_print_is_described(self) -> None:
        assert one(10**5000) == "<int>"
        assert one(10**5000, feature_actions="x=round") == "<int>"

    def test_nulls_have_no_attribute_and_are_not_dropped(self) -> None:
        for action in ("check", "keep", "drop", "mask", "hash", "round"):
            actions = {} if action == "check" else {"a": action}
            policy = Policy(Config(feature_actions=actions, hash_key=KEY))
            assert policy.plan(("a", "b")).attributes([None, math.nan]) == ({}, 0)

    def test_a_stray_nan_has_no_attribute_wherever_it_stands(self) -> None:
        plan = Policy(Config()).plan(("a", "b", "c"))
        numbers = {"ml.feature.value.a": 1.0, "ml.feature.value.b": 2.0, "ml.feature.value.c": math.inf}
        assert plan.attributes(list(numbers.values())) == (numbers, 0)
        for index, key in enumerate(numbers):
            row = list(numbers.values())
            row[index] = math.nan
            assert plan.attributes(row) == ({k: v for k, v in numbers.items() if k != key}, 0)

    @pytest.mark.parametrize("value", [4111111111111111, 4111111111111111.0, -5555555555554444, 378282246310005])
    def test_card_numbers_are_masked_as_numbers_too(self, value: float) -> None:
        assert one(value) == MASKED
        assert one(value, privacy_action="drop") is None

    @pytest.mark.parametrize("value", [4111111111111112, 1700000000000, 1700000000000000000, 1e15, 4.1e17])
    def test_other_large_numbers_are_not(self, value: float) -> None:
        assert one(value) == value

    def test_subclasses_become_the_plain_type(self) -> None:
        class Text(str):
            __str__ = __repr__ = Hostile._fail

        class Number(float):
            __str__ = __repr__ = __float__ = Hostile._fail

        class Whole(int):
            __str__ = __repr__ = __int__ = Hostile._fail

        for value, plain in ((Text("a"), "a"), (Number(1.5), 1.5), (Whole(3), 3)):
            found = one(value)
            assert found == plain
            assert type(found) is type(plain)
        assert one(Text(MAIL)) == MASKED

    @pytest.mark.parametrize("action", ["keep", "mask", "hash", "round"])
    def test_an_unknown_object_is_described_by_its_type_and_not_touched(self, action: str) -> None:
        assert one(Hostile()) == "<Hostile>"
        expected = "<Hostile>" if action == "keep" else MASKED
        found = one(Hostile(), feature_actions={"x": action}, hash_key=KEY)
        assert found == expected or (action == "hash" and re.fullmatch("[0-9a-f]{16}", str(found)))
        assert one(b"bytes") == "<bytes>"
        assert one([1, [2]]) == "<list>"

    def test_rows_longer_or_shorter_than_the_schema(self) -> None:
        plan = Policy(Config()).plan(("a", "b"))
        assert plan.attributes([1]) == ({"ml.feature.value.a": 1}, 0)
        assert plan.attributes([1, 2, 3])[0] == {"ml.feature.value.a": 1, "ml.feature.value.b": 2}
        assert Policy(Config()).plan(()).attributes([]) == ({}, 0)

    def test_fast_and_slow_path_agree(self) -> None:
        names = tuple(f"f{i}" for i in range(6))
        row = [1, 2.5, True, None, 10**12, -3.0]
        plain, _ = Policy(Config()).plan(names).attributes(row)
        mixed, _ = Policy(Config()).plan((*names, "t")).attributes([*row, "text"])
        assert mixed == {**plain, "ml.feature.value.t": "text"}


class TestActions:
    def test_equal_numbers_have_equal_hashes_and_other_types_other_ones(self) -> None:
        def hashed(value: object) -> object:
            return one(value, feature_actions="x=hash", hash_key=KEY)

        assert hashed(1) == hashed(1.0)
        assert hashed(0.0) == hashed(-0.0)
        assert len({hashed(value) for value in (1, True, "1", 1.5, "true", 2**70, math.inf, "")}) == 8
        assert all(re.fullmatch("[0-9a-f]{16}", str(hashed(value))) for value in ("ann", 5, 2.5, False))

    def test_the_hash_depends_on_the_key_and_on_nothing_else(self) -> None:
        assert one("ann", "email", privacy_action="hash", hash_key=KEY) == "e0d5e9667f4d264a"
        assert one("ann", "email", privacy_action="hash", hash_key=KEY + "!") != "e0d5e9667f4d264a"
        assert Policy(Config(privacy_action="hash", hash_key=KEY)).text(MAIL) == one(
            MAIL, privacy_action="hash", hash_key=KEY
        )

    @pytest.mark.parametrize(
        ("digits", "value", "expected"),
        [
            (1, 1234, 1000),
            (2, 1254, 1300),
            (3, 7, 7),
            (1, 0, 0),
            (1, -47, -50),
            (1, 0.0347, 0.03),
            (2, 0.0347, 0.035),
            (1, math.inf, math.inf),
            (1, True, MASKED),
            (1, "12", MASKED),
            (1, 2**63 - 1, 9 * 10**18),
        ],
    )
    def test_round_leaves_significant_digits(self, digits: int, value: object, expected: object) -> None:
        found = one(value, feature_actions="x=round", round_digits=digits)
        assert found == expected
        assert type(found) is type(expected)


class TestText:
    def test_lone_surrogates_are_replaced_and_pairs_joined(self) -> None:
        policy = Policy(Config())
        assert policy.text("a\ud800b") == "a\ufffdb"
        assert policy.text("\ud83d\ude00") == "😀"
        assert policy.identifier("m\udfff") == "m\ufffd"

    def test_identifiers_are_cut_and_printable_but_never_masked(self) -> None:
        policy = Policy(Config(max_value_length=16))
        assert policy.identifier("m" * 300) == "m" * 256
        assert policy.identifier("a\nb\x00") == "a_b_"
        assert policy.identifier(MAIL) == MAIL

    def test_a_text_that_was_harmless_once_is_so_again(self) -> None:
        policy = Policy(Config())
        assert [policy.text(text) for text in ("UA", CARD, "UA", CARD)] == ["UA", MASKED, "UA", MASKED]

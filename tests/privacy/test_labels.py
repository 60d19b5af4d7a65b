"""Names of features in telemetry: safe, short, distinct, and stable."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.config import Config
from otel_ml.privacy import Policy
from tests.support.growth import assert_grows_less
from tests.support.wait import PATIENCE

KEY = "a key of the tests, 32 characters"


def labels(*names: str, **options: object) -> list[str]:
    plan = Policy(Config(**options)).plan(names)  # type: ignore[arg-type]  # options vary
    return [plan.safe_name(index) for index in range(len(names))]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("age", "age"),
        ("a.b.c", "a_b_c"),
        ("", "_"),
        (".", "_"),
        ("dep delay", "dep delay"),
        ("a\nb\x00\u202e", "a_b__"),
        ("température", "température"),
        ("\ud800x", "_x"),
        ("温度", "温度"),
    ],
)
def test_safe(name: str, label: str) -> None:
    assert labels(name) == [label]


def test_collisions_get_a_number() -> None:
    assert labels("a.b", "a_b", "a_b_2", "a.b", "a_b") == ["a_b", "a_b_2", "a_b_2_2", "a_b_3", "a_b_4"]


def test_names_beyond_the_cap_are_distinct_too() -> None:
    assert labels("x", "a.b", "a_b", max_features=1) == ["x", "a_b", "a_b_2"]


def test_long_names_stay_distinct_and_mean_the_same_everywhere() -> None:
    first, second = labels("x" * 10_000 + "1", "x" * 10_000 + "2")
    assert first != second
    assert len(first) == len(second) == 256
    assert labels("x" * 10_000 + "1") == [first]
    assert labels("x" * 256) == ["x" * 256]


@pytest.mark.parametrize("name", ["ann@example.com", "email=ann@example.com", "4111111111111111", "sk-" + "a1" * 10])
def test_a_name_that_is_a_secret_is_masked_everywhere(name: str) -> None:
    plan = Policy(Config(feature_actions={"*": "keep"})).plan((name,))
    label = plan.safe_name(0)
    assert label.startswith("masked_")
    assert len(label) == 15
    assert list(plan.attributes([1])[0]) == [f"ml.feature.value.{label}"]
    assert name not in str(plan.attributes([1]))


def test_the_hash_of_a_masked_name_is_keyed() -> None:
    name = "ann@example.com"
    assert labels(name, hash_key=KEY) == labels(name, hash_key=KEY) != labels(name)
    assert labels(name, hash_key=KEY) != labels(name, hash_key=KEY + "!")
    code = (
        "from otel_ml.config import Config; from otel_ml.privacy import Policy;"
        f"print(Policy(Config()).plan(({name!r},)).safe_name(0), end='')"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=2 * PATIENCE
    ).stdout
    assert other.startswith("masked_")
    assert [other] != labels(name)


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=6), st.text(".a_2", max_size=5), st.text(min_size=250, max_size=300))))
def test_always_distinct_printable_and_short(names: list[str]) -> None:
    found = labels(*names)
    assert len(set(found)) == len(found)
    assert all(label and label.isprintable() and "." not in label and len(label) <= 256 for label in found)


def test_time_grows_no_faster_than_the_number_of_collisions() -> None:
    few, many = ([name for index in range(size) for name in ("a.b", f"a_b_{index}", "a_b")] for size in (500, 5_000))
    assert_grows_less(40, lambda: labels(*few), lambda: labels(*many))  # 10 if linear, 100 if quadratic

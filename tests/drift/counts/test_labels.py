from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.counts.labels import MAX_LABEL, category_of, is_null


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Broken:
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (True, "true"),
        (np.bool_(False), "false"),
        (1, "1"),
        (1.0, "1"),
        (-0.0, "0"),
        (np.float32(0.1), "0.1"),
        (0.1, "0.1"),
        (np.float16(2), "2"),
        (2.0**53, "9007199254740992"),
        (1e300, "1e+300"),
        (float("-inf"), "-inf"),
        (2**53 + 1, "9007199254740993"),
        (np.uint64(2**64 - 1), "18446744073709551615"),
        pytest.param(10**5_000, "<int 16610 bits>", id="large int"),
        (decimal.Decimal("1.50"), "1.5"),
        ("", ""),
        (" x ", " x "),
        (np.str_("x"), "x"),
        ("größe".encode(), "größe"),
        (Colour.RED, "red"),
        (Colour.ONE, "1"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 12), "2024-02-29T12:00:00"),
        (np.datetime64("2024-02-29T12:00:00.000", "ns"), "2024-02-29T12:00:00"),
        (np.datetime64("2024-02-29T12:00:00.25", "ns"), "2024-02-29T12:00:00.250000"),
        (datetime.timedelta(minutes=1), "60"),
        (np.timedelta64(1_500, "ms"), "1.5"),
        (np.timedelta64(2, "M"), "2 months"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Broken(), "<Broken>"),
    ],
)
def test_a_value_has_one_label_whatever_its_type(value: Any, label: str) -> None:
    assert category_of(value) == label


@pytest.mark.parametrize(
    "value", [None, float("nan"), np.float32("nan"), np.datetime64("NaT"), np.timedelta64("NaT"), np.ma.masked]
)
def test_nulls_of_every_type_are_null(value: Any) -> None:
    assert is_null(value)


def test_pandas_nulls_are_null() -> None:
    pandas = pytest.importorskip("pandas")
    assert is_null(pandas.NA)
    assert is_null(pandas.NaT)
    assert is_null(decimal.Decimal("sNaN"))


@pytest.mark.parametrize("value", ["", "nan", 0, 0.0, False, float("inf"), np.str_("NaT"), (), b""])
def test_other_values_are_not_null(value: Any) -> None:
    assert not is_null(value)


@given(st.text(min_size=MAX_LABEL - 5, max_size=MAX_LABEL + 300), st.text(min_size=1))
def test_long_labels_are_bounded_and_still_differ(text: str, more: str) -> None:
    assert len(category_of(text)) <= MAX_LABEL
    assert category_of(text + more) != category_of(text)
    assert category_of(category_of(text)) == category_of(text)


@given(st.integers(-(2**53), 2**53))
def test_integers_and_floats_of_one_value_are_one_category(value: int) -> None:
    assert category_of(value) == category_of(float(value)) == category_of(np.int64(value)) == str(value)

from __future__ import annotations

import datetime
import decimal
import fractions
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.counts.columns import seconds_of, to_numbers

NAN, INF = float("nan"), float("inf")


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def plain(column: np.ndarray, kind: str = "numeric") -> tuple[list[float | None], list[bool]]:
    """The numbers with None for NaN, so that they compare equal; and what was of another type."""
    values, wrong = to_numbers(column, kind)
    assert values.dtype == np.float64
    return [None if v != v else v for v in values.tolist()], [] if wrong is None else wrong.tolist()


@pytest.mark.parametrize(
    ("column", "values", "wrong"),
    [
        (np.array([1, 2], dtype=np.int8), [1, 2], []),
        (np.array([2**63, 2**64 - 1], dtype=np.uint64), [2.0**63, 2.0**64], []),
        (np.array([True, False]), [1, 0], []),
        (np.array([0.5, NAN], dtype=np.float16), [0.5, None], []),
        (np.array([1, "NaT"], dtype="m8[m]"), [60, None], []),
        (np.array([10**13], dtype="m8[D]"), [8.64e17], []),
        (np.array([1, "NaT"], dtype="m8[M]"), [None, None], [True, False]),
        (np.array(["NaT"], dtype="m8[Y]"), [None], []),
        (np.array(["2024-01-01", "NaT"], dtype="M8[D]"), [None, None], [True, False]),
        (np.array(["1", "x"]), [1, None], [False, True]),
        (np.array([b"1.50", b"true"]), [1.5, None], [False, True]),
        (np.array(["-0.5", "1e3", "+2", ".5", "007", "1_0", " 1", "nan", "inf", "\u0661"]), [-0.5, 1e3, 2, 0.5, *[None] * 6],
         [False] * 4 + [True] * 6),
        (np.array([1 + 0j, complex(NAN, 0)]), [None, None], [True, False]),
        (np.ma.masked_array([1.5, 2.5], [True, False]), [None, 2.5], []),
        (np.ma.masked_array([1, 2], [True, False]), [None, 2], []),
        (np.ma.masked_array(["a", "b"], [True, False]), [None, None], [False, True]),
        (objects(1, True, 0.5, None, NAN, -INF), [1, 1, 0.5, None, None, -INF], []),
        (objects(10**400, -(10**400), 2**53 + 1), [INF, -INF, 2.0**53], []),
        (objects("1", None, 1, "one"), [1, None, 1, None], [False, False, False, True]),
        (objects(decimal.Decimal("1.5"), fractions.Fraction(1, 4), decimal.Decimal("NaN")), [1.5, 0.25, None], []),
        (objects(datetime.timedelta(minutes=1), np.timedelta64(2, "s"), np.float32(0.5)), [60, 2, 0.5], []),
        (objects([1], {}, b"x", datetime.date(2024, 1, 1), 1j), [None] * 5, [True] * 5),
        (objects(np.datetime64("NaT"), np.ma.masked), [None, None], []),
        (np.array([]), [], []),
    ],
)  # fmt: skip
def test_numbers(column: np.ndarray, values: list[Any], wrong: list[bool]) -> None:
    assert plain(column) == (values, wrong)


@pytest.mark.filterwarnings("error")
def test_a_longdouble_beyond_float_is_infinite() -> None:
    large = np.array([np.finfo(np.longdouble).max])
    assert plain(large) == ([INF if large[0] > np.finfo(np.float64).max else large[0]], [])


def test_floats_are_not_copied() -> None:
    column = np.arange(3.0)
    assert np.shares_memory(to_numbers(column, "numeric").values, column)


def test_lengths() -> None:
    texts = objects("größe", "", b"\xc3\xa9", "<text 5000 chars>", "<text of a longer kind that is just a text>", None)
    assert plain(texts, "text")[0] == [5, 0, 1, 5_000, 43, None]
    assert plain(np.array(["a", "bcd"]), "text") == ([1, 3], [])
    assert plain(np.array([b"a", "é".encode()]), "text") == ([1, 1], [])
    assert plain(objects("a", 5), "text") == ([1, None], [False, True])
    assert plain(np.array([1.0, NAN]), "text") == ([None, None], [True, False])
    assert plain(objects("a", 512, True, 1.0), "identifier") == ([1, 3, 4, 1], [])
    assert plain(np.array([7, 4_711]), "identifier") == ([1, 4], [])


def test_dates_in_objects() -> None:
    east = datetime.timezone(datetime.timedelta(hours=2))
    column = objects(
        datetime.datetime(1970, 1, 2),
        datetime.datetime(1970, 1, 2, 2, tzinfo=east),
        datetime.date(1970, 1, 2),
        np.datetime64("1970-01-02"),
        "1970-01-02",
        None,
        np.datetime64("NaT"),
        0,
        "soon",
    )
    assert plain(column, "datetime") == ([86_400] * 5 + [None] * 4, [False] * 7 + [True] * 2)
    assert plain(np.array([1.0]), "datetime") == ([None], [True])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-01 00:01", 60),
        ("1970-01-01T00:00:01.5", 1.5),
        ("1970-01-01T00:00:00.123456789Z", 0.123456789),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:00-0130", 5_400),
        ("1969-12-31", -86_400),
        ("1970-02-30", None),
        ("1970-01-01T25:00", None),
        ("19700101", None),
        ("today", None),
        ("١٩٧٠-01-01", None),
    ],
)
def test_iso_texts(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@given(st.datetimes(), st.sampled_from(["us", "ns"]))
def test_a_date_is_the_same_moment_in_every_form(moment: datetime.datetime, unit: str) -> None:
    seconds = (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(seconds=1)
    assert seconds_of(moment) == pytest.approx(seconds, rel=1e-15)
    assert seconds_of(moment.isoformat()) == pytest.approx(seconds, rel=1e-15)
    if 1700 < moment.year < 2200:  # what nanoseconds can hold
        column = np.array([moment], dtype="M8[us]").astype(f"M8[{unit}]")
        assert plain(column, "datetime")[0] == [pytest.approx(seconds, rel=1e-15)]


def test_a_kind_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="categorical"):
        to_numbers(np.array([1]), "categorical")

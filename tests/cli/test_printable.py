"""What services send cannot steer the terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.cli.printable import clock, count, milliseconds, percent, plural, printable, shorten, value


@given(st.text(), st.none() | st.integers(1, 50))
def test_any_text_becomes_printable_within_its_width(text: str, width: int | None) -> None:
    shown = printable(text, width)
    assert shown.isprintable()
    assert width is None or len(shown) <= width


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("lone \ud800", "lone \\ud800"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("naïve 東京 é", "naïve 東京 é"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (1.23456789, "1.23457"),
        (3.0, "3"),
        (True, "True"),
        (None, "None"),
        (["a", 1.5], "[a, 1.5]"),
        ("x" * 50, "x" * 39 + "…"),
    ],
)
def test_values(item: Any, shown: str) -> None:
    assert value(item) == shown


def test_a_long_list_is_cut() -> None:
    assert len(value(list(range(10_000)))) <= 40


def test_figures() -> None:
    assert [milliseconds(s) for s in (0.00012, 0.0012, 0.012, 0.12, 12)] == [
        "0.120 ms",
        "1.20 ms",
        "12.0 ms",
        "120 ms",
        "12,000 ms",
    ]
    assert [percent(s) for s in (0, 0.0001, 0.0123, 1)] == ["0.0%", "<0.1%", "1.2%", "100.0%"]
    assert [count(n) for n in (1234567.0, 0.4, float("inf"), float("nan"))] == ["1,234,567", "0", "inf", "nan"]
    assert [plural(n, "row") for n in (0, 0.5, 1, 1.4, 1.5)] == ["0 rows", "0 rows", "1 row", "1 row", "2 rows"]
    assert clock(2**64 - 1) != ""
    assert clock(10**30) == "--:--:--.---"


def test_ids_are_told_apart_by_their_ends() -> None:
    assert shorten("0199a7b2-5c1e-7d40-8a11-f00dfeed0001") == "0199…feed0001"
    assert shorten("my-id") == "my-id"

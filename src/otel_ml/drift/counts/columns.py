"""A column of any dtype as float64, by the kind of its variable: the one conversion that fitting and binning share.

What a number, a date or a length is must be decided once: what was fitted from integers is compared with floats from JSON.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import numbers
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from otel_ml.drift.counts.labels import category_of, is_null

PLAIN_NUMBERS: Final = frozenset({float, int, bool, type(None)})
"""Types of values that numpy turns into float64 as meant: None is NaN."""

SLACK: Final = 4 / 2**23
"""Share by which two numbers may differ and count as the same: a few units in the last place of a float32."""

_INF: Final = float("inf")
_UNITS: Final = {"W": 604_800, "D": 86_400, "h": 3_600, "m": 60, "s": 1}
_PARTS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?)?\s?(Z|z|[+-]\d\d:?\d\d)?")
_NUMBER: Final = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LONG_TEXT: Final = re.compile(r"<text (\d+) chars>")


class Numbers(NamedTuple):
    """A column as numbers.

    Attributes:
        values: float64 of shape (rows,); NaN where there is a null or a value of another type.
        wrong: bool of shape (rows,), True where the value is of another type; None if none is.
    """

    values: np.ndarray
    wrong: np.ndarray | None = None


def to_numbers(column: np.ndarray, kind: str) -> Numbers:
    """Converts a column of a kind that lies along a line.

    Args:
        column: 1-D array of any dtype, also masked; a null is None, NaN or NaT.
        kind: ``numeric`` (bools are 0 and 1, durations seconds, integers rounded to float64, a text of digits what it says),
            ``datetime`` (in seconds since 1970; without a time zone UTC is meant), ``text`` or ``identifier`` (their length
            in characters).

    Raises:
        ValueError: the kind does not lie along a line.

    >>> to_numbers(np.array([1, None, "x", True], dtype=object), "numeric")
    Numbers(values=array([ 1., nan, nan,  1.]), wrong=array([False, False,  True, False]))
    """
    column = bare(column)
    if kind == "numeric":
        return _numeric(column)
    if kind == "datetime":
        return _dates(column)
    if kind in ("text", "identifier"):
        return _lengths(column, strings_only=kind == "text")
    raise ValueError(f"a column of kind {kind!r} has no numbers")


def bare(column: np.ndarray) -> np.ndarray:
    """Returns a column as plain 1-D ndarray; what is masked becomes NaN, NaT or None."""
    if type(column) is np.ndarray and column.ndim == 1 and column.dtype.kind != "T":
        return column
    if isinstance(column, np.ma.MaskedArray):
        values, mask = np.ma.getdata(column, subok=False).ravel(), np.ma.getmaskarray(column).ravel()
        if not mask.any():
            return np.asarray(values)
        kind = values.dtype.kind
        values = values.astype(values.dtype if kind in "fmM" else object)
        values[mask] = np.nan if kind == "f" else np.array("NaT", values.dtype) if kind in "mM" else None
        return np.asarray(values)
    plain = np.asarray(column).ravel()
    return plain.astype(object) if plain.dtype.kind == "T" else plain  # numpy's texts of any length


def number_of(value: Any) -> float | None:
    """Returns a value that is a number as float, one beyond float as infinity; None for any other type."""
    kind = type(value)
    if kind is float:
        return float(value)
    if isinstance(value, np.timedelta64):  # to numpy it is an integer
        found = _seconds(np.asarray(value))
        return None if found is None else float(found)
    if isinstance(value, (int, np.integer, np.bool_, np.floating, decimal.Decimal, fractions.Fraction)):
        try:
            return float(value)
        except OverflowError:
            return _INF if value > 0 else -_INF
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, numbers.Real):  # of a library we do not know: its own code converts it
        try:
            return float(value)
        except Exception:
            return None
    return None


def number_in(value: Any) -> float | None:
    """Returns a number, or the one that a text says, as float; None for anything else.

    A text with leading zeros is a code, and one that says no digits, such as ``nan``, no number.

    >>> number_in("2.50"), number_in("-1e3"), number_in("007"), number_in("x"), number_in(True)
    (2.5, -1000.0, None, None, 1.0)
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return number_of(value)
    return float(text) if _NUMBER.fullmatch(text) else None


def seconds_of(value: Any) -> float | None:
    """Returns a date, a time stamp or its ISO 8601 text in seconds since 1970; None for anything else."""
    if isinstance(value, str):
        return _parse(value)
    if isinstance(value, datetime.datetime):
        zoned = value if value.tzinfo is not None else value.replace(tzinfo=datetime.timezone.utc)
        try:
            return (zoned - _EPOCH).total_seconds()
        except Exception:  # a time zone of one's own
            return None
    if isinstance(value, datetime.date):
        return (value - _EPOCH.date()).total_seconds()
    if isinstance(value, np.datetime64):
        return float(_since_epoch(np.asarray(value)))
    return None


def _parse(text: str) -> float | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00'}").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    seconds = (moment - _EPOCH).total_seconds() + (float(f"0.{fraction}") if fraction else 0.0)
    if zone and zone not in "Zz":
        offset = 3_600 * int(zone[1:3]) + 60 * int(zone[-2:])
        seconds += offset if zone[0] == "-" else -offset
    return seconds


def _numeric(column: np.ndarray) -> Numbers:
    if column.dtype == np.float64:
        return Numbers(column)
    kind = column.dtype.kind
    if kind in "biuf":
        with np.errstate(all="ignore"):  # a longdouble beyond float64 becomes infinite
            return Numbers(column.astype(np.float64, copy=False))
    if kind == "m":
        found = _seconds(column)
        return _all_wrong(column) if found is None else Numbers(found)
    if kind not in "OUS":
        return _all_wrong(column)
    values = column.tolist()
    if set(map(type, values)) <= PLAIN_NUMBERS:
        try:
            return Numbers(np.array(values, dtype=np.float64))
        except OverflowError:  # an integer beyond float
            pass
    return _one_by_one(values, number_in)


def _dates(column: np.ndarray) -> Numbers:
    kind = column.dtype.kind
    if kind == "M":
        return Numbers(_since_epoch(column))
    if kind not in "OU":
        return _all_wrong(column)
    return _one_by_one(column.tolist(), seconds_of)


def _lengths(column: np.ndarray, *, strings_only: bool) -> Numbers:
    if column.dtype.kind not in "OUS":
        return _all_wrong(column) if strings_only else _one_by_one(list(column), _label_length)
    values = column.tolist()
    if set(map(type, values)) == {str} and not any(value[:6] == "<text " for value in values):
        return Numbers(np.fromiter(map(len, values), dtype=np.float64, count=len(values)))
    return _one_by_one(values, _text_length if strings_only else _label_length)


def _text_length(value: Any) -> float | None:
    if not isinstance(value, str):
        return float(len(value.decode("utf-8", "replace"))) if isinstance(value, bytes) else None
    length = len(value)
    # A long text that was not kept is described in its place, so that the length is all there is.
    described = _LONG_TEXT.fullmatch(value) if length < 40 and value.startswith("<text ") else None
    return float(described[1]) if described else float(length)


def _label_length(value: Any) -> float | None:
    length = _text_length(value)
    return float(len(category_of(value))) if length is None else length


def _one_by_one(values: list[Any], convert: Callable[[Any], float | None]) -> Numbers:
    found = np.empty(len(values))
    wrong: list[int] = []
    for index, value in enumerate(values):
        number = None if is_null(value) else convert(value)
        if number is None:
            number = np.nan
            if not is_null(value):
                wrong.append(index)
        found[index] = number
    if not wrong:
        return Numbers(found)
    mask = np.zeros(len(values), dtype=bool)
    mask[wrong] = True
    return Numbers(found, mask)


def _all_wrong(column: np.ndarray) -> Numbers:
    null = np.isnan(column) if column.dtype.kind in "fc" else np.isnat(column) if column.dtype.kind in "mM" else None
    wrong = np.ones(len(column), dtype=bool) if null is None else ~null
    return Numbers(np.full(len(column), np.nan), wrong)


def _seconds(durations: np.ndarray) -> np.ndarray | None:
    """Durations in seconds; None for months and years, which have no length."""
    unit, step = np.datetime_data(durations.dtype)
    if unit not in _UNITS and unit not in _PARTS:
        return np.full(durations.shape, np.nan) if np.isnat(durations).all() else None
    # Over floats, since numpy's own division of durations overflows for a great many days.
    found = durations.astype(np.int64).astype(np.float64) * (step * _UNITS.get(unit, 1)) / _PARTS.get(unit, 1)
    return np.where(np.isnat(durations), np.nan, found)


def _since_epoch(dates: np.ndarray) -> np.ndarray:
    if np.datetime_data(dates.dtype)[0] in ("Y", "M"):
        dates = dates.astype("M8[D]")
    found = _seconds(dates.view(dates.dtype.str.replace("M", "m")))
    assert found is not None  # only months and years have none
    return found

"""The text that stands for a category, the same whatever type a value happens to come in."""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
from collections.abc import Sequence
from typing import Any, Final
from zlib import crc32

import numpy as np

from otel_ml.drift.hashing import mixed

MAX_LABEL: Final = 256
"""Characters of a label. A longer one ends in a digest of the whole, so that labels and the memory they take are bounded."""

TRUTHS: Final = dict.fromkeys(("true", "True", "TRUE", "1", "1.0"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "0", "0.0"), False
)
"""Ways to write the two truth values, where nothing but these is expected."""

_EXACT: Final = 2**53
_LARGEST: Final = float(np.finfo(np.float32).max)
_PRINTED_BITS: Final = 1_024  # printing a larger integer takes long


def category_of(value: Any) -> str:
    """Names the category of a value that is not null.

    A number is the same category as an integer, as a float and in numpy; a text of its digits is, too, since a column
    that was read from a file as text may be served as numbers. Whoever cares for the type sets the constraint.

    >>> category_of(True), category_of(1.0), category_of(np.int8(1)), category_of(0.5), category_of("x")
    ('true', '1', '1', '0.5', 'x')
    """
    kind = type(value)
    if kind is str:
        return value if len(value) <= MAX_LABEL else _cut(value)
    if kind is int:
        return _of_int(value)
    return _cut(_text_of(value))


def slots(labels: Sequence[str], count: int) -> np.ndarray:
    """Which of some bins each label shares with others: the same in every process and for ever, intp of the same length.

    Not the checksums themselves: those of labels that are numbered are spread more evenly than chance does, so that it would
    hardly show if half of them were gone.

    >>> slots(["Oslo", "Rome"], 32)
    array([ 3, 15])
    """
    checks = [crc32(label.encode("utf-8", "surrogatepass")) for label in labels]
    found: np.ndarray = mixed(np.array(checks, dtype=np.uint64)) % np.uint64(count)
    return found.astype(np.intp)


def is_null(value: Any) -> bool:
    """Tells whether a value stands for none: None, a NaN of any type, NaT, pandas' NA, a masked element.

    >>> is_null(None), is_null(float("nan")), is_null(np.datetime64("NaT")), is_null(""), is_null(0)
    (True, True, True, False, False)
    """
    kind = type(value)
    if value is None:
        return True
    if kind is str or kind is int or kind is bool:
        return False
    if kind is float:
        return bool(value != value)
    if isinstance(value, (float, complex, np.floating, np.complexfloating)):
        return bool(value != value)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    return value is np.ma.masked or kind.__name__ in ("NAType", "NaTType")


def nulls_of(column: np.ndarray) -> np.ndarray:
    """Tells which values of a plain 1-D column are null; bool of its shape."""
    kind = column.dtype.kind
    test = np.isnan if kind in "fc" else np.isnat if kind in "mM" else None
    if test is not None:
        found: np.ndarray = test(column)
        return found
    if kind != "O":
        return np.zeros(len(column), dtype=bool)
    return np.fromiter(map(is_null, column.tolist()), dtype=bool, count=len(column))


def _text_of(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return category_of(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, np.timedelta64):  # to numpy it is an integer
        unit = np.datetime_data(value.dtype)[0]
        return str(value) if unit in "YM" else _of_float(value / np.timedelta64(1, "s"))
    if isinstance(value, (int, np.integer)):
        return _of_int(int(value))
    if isinstance(value, np.datetime64):
        return _trim(str(value))
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        return _of_float(value)
    if isinstance(value, datetime.timedelta):
        return _of_float(value.total_seconds())
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return str(value)
    except Exception:  # a value's own code may do anything
        return f"<{type(value).__name__}>"


def _of_int(value: int) -> str:
    bits = value.bit_length()
    return _cut(str(value)) if bits <= _PRINTED_BITS else f"<int {bits} bits>"


def _of_float(value: Any) -> str:
    number = float(value)
    if number.is_integer() and abs(number) <= _EXACT:
        return str(int(number))
    # numpy prints the fewest digits that its own precision needs: a float32 of 0.1 is the category of the float 0.1,
    # and so it is once it was made a float.
    if isinstance(value, (np.float16, np.float32, np.longdouble)):
        return str(value)
    if abs(number) <= _LARGEST and float(narrow := np.float32(number)) == number:
        return str(narrow)
    return repr(number)


def _trim(text: str) -> str:
    """Cuts numpy's digits of a second to those that `datetime.isoformat` prints, if nothing is lost by it."""
    head, dot, digits = text.partition(".")
    digits = digits.rstrip("0")
    if not dot or not digits:
        return head
    return f"{head}.{digits.ljust(6, '0') if len(digits) <= 6 else digits.ljust(9, '0')}"


def _cut(text: str) -> str:
    if len(text) <= MAX_LABEL:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: MAX_LABEL - 13]}-{digest}"

"""One value of any type as a plain Python value, without running code of types we do not know."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import sys
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.describing import class_name, describe, root_module
from otel_ml.observation.limits import MAX_INT_BITS, MAX_TEXT

if TYPE_CHECKING:
    import numpy as np

NUMBER: Final = "number"
BOOL: Final = "bool"
STRING: Final = "string"
DATETIME: Final = "datetime"
OBJECT: Final = "object"
NULL: Final = "null"

Plain = tuple[Any, str]
"""A plain Python value (None for null) and its kind."""

_INF: Final = float("inf")


class Described(str):
    """A description that stands for a value; lives inside columns only, so that its kind is not forgotten."""

    __slots__ = ()


class Dated(str):
    """ISO 8601 text of a date; lives inside columns only, so that its kind is not forgotten."""

    __slots__ = ()


def marked(value: object) -> object:
    """Returns `value` made plain, as `Described` or `Dated` where text alone would not tell its kind."""
    value, kind = plain(value)
    if kind is OBJECT:
        return Described(value)
    return Dated(value) if kind is DATETIME else value


def _float(value: float) -> Plain:
    return (value, NUMBER) if value == value else (None, NULL)


def _int(value: int) -> Plain:
    return (value, NUMBER) if value.bit_length() <= MAX_INT_BITS else (describe(value), OBJECT)


def _str(value: str) -> Plain:
    return (value if len(value) <= MAX_TEXT else describe(value)), STRING


def _datetime(value: datetime.datetime | datetime.time) -> Plain:
    zone = value.tzinfo
    if zone is not None and root_module(type(zone)) not in ("datetime", "zoneinfo", "pytz", "dateutil"):
        value = value.replace(tzinfo=None)  # a time zone class of one's own is code we do not know
    return value.isoformat(), DATETIME


def _exact_datetime(value: datetime.datetime) -> datetime.datetime:
    base = datetime.datetime
    zone = base.tzinfo.__get__(value)
    return base.combine(base.date(value), base.time(value), zone)


def _fraction(value: decimal.Decimal | fractions.Fraction) -> Plain:
    try:
        return _float(float(value))
    except (ValueError, OverflowError):  # a signalling NaN; a fraction beyond float
        return (None, NULL) if type(value) is decimal.Decimal else (describe(value), OBJECT)


def _object(value: object) -> Plain:
    return describe(value), OBJECT


_BY_TYPE: dict[type, Callable[[Any], Plain]] = {
    float: _float,
    int: _int,
    bool: lambda value: (value, BOOL),
    str: _str,
    type(None): lambda _: (None, NULL),
    datetime.datetime: _datetime,
    datetime.date: lambda value: (value.isoformat(), DATETIME),
    datetime.time: _datetime,
    datetime.timedelta: lambda value: (value.total_seconds(), NUMBER),
    decimal.Decimal: _fraction,
    fractions.Fraction: _fraction,
    uuid.UUID: lambda value: (str(value), STRING),
    Described: lambda value: (str.__str__(value), OBJECT),
    Dated: lambda value: (str.__str__(value), DATETIME),
}

IMMUTABLE: Final = frozenset(_BY_TYPE)
"""Types whose values may be kept and made plain later: they cannot change after the call."""


def plain(value: object) -> Plain:
    """Returns `value` as None, bool, int, float or str, and its kind.

    Dates become ISO 8601 text, durations seconds, decimals floats. What has no plain form (containers, bytes,
    arrays, images, objects of unknown types) is described.
    """
    kind = type(value)
    reader = _BY_TYPE.get(kind)
    if reader is None:
        reader = reader_of(kind)
    return reader(value)


def reader_of(kind: type) -> Callable[[Any], Plain]:
    """Returns how values of a type outside the standard table are made plain."""
    if issubclass(kind, enum.Enum):
        return _enum
    root = root_module(kind)
    if root == "numpy" and (np := sys.modules.get("numpy")) is not None and issubclass(kind, np.generic | np.ndarray):
        return _numpy
    if root == "pandas":
        return _pandas
    for base, convert, reader in _SUBCLASSES:
        if issubclass(kind, base):
            return lambda value: reader(convert(value))
    return _object


def _enum(member: object) -> Plain:
    value = object.__getattribute__(member, "_value_")
    return _BY_TYPE[type(value)](value) if type(value) in _BY_TYPE else _object(member)


# Subclasses of scalars (IntEnum is handled above): the builtin conversion, never the subclass's own.
_SUBCLASSES: Final[tuple[tuple[type, Callable[[Any], Any], Callable[[Any], Plain]], ...]] = (
    (float, float.__float__, _float),
    (int, int.__int__, _int),
    (str, str.__str__, _str),
    (uuid.UUID, uuid.UUID.__str__, _str),
    (datetime.datetime, _exact_datetime, _datetime),
)


def _numpy(value: Any) -> Plain:
    kind = value.dtype.kind
    if class_name(type(value)) == "MaskedConstant":
        return None, NULL
    if value.ndim:
        return describe(value), OBJECT
    if kind in "biu":
        return value.item(), BOOL if kind == "b" else NUMBER
    if kind == "f":  # item() of a longdouble is a longdouble again
        return _float(float(value))
    if kind in "mM":
        return numpy_time(value, kind)
    if kind == "U":
        return _str(str(value))
    if kind == "S":
        return _str(value.item().decode("utf-8", "replace"))
    if kind == "c":
        return (None, NULL) if value != value else ("<complex>", OBJECT)
    if kind == "O":  # a 0-d object array; what it holds may be an array again
        inner = value.item()
        return plain(inner) if type(inner) in IMMUTABLE else _object(inner)
    return describe(value), OBJECT


def numpy_time(value: Any, kind: str) -> Plain:
    """Returns a numpy date as ISO 8601 text, a numpy duration as seconds."""
    import numpy as np

    if np.isnat(value):
        return None, NULL
    if kind == "M":
        return trim_time(str(value)), DATETIME
    found = duration_seconds(np.asarray(value))
    return ("<timedelta64>", OBJECT) if found is None else (float(found), NUMBER)


_UNITS: Final = {"W": 604_800, "D": 86_400, "h": 3_600, "m": 60, "s": 1}
_PARTS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}


def duration_seconds(durations: np.ndarray) -> np.ndarray | None:
    """Returns durations in seconds, float64 with NaN for NaT; None for months and years, which have no length.

    Not by numpy's own division: it goes over integers, which overflow for a great many days.
    """
    import numpy as np

    unit, step = np.datetime_data(durations.dtype)
    if unit not in _UNITS and unit not in _PARTS:
        return None
    numbers = durations.astype(np.int64).astype(np.float64) * (step * _UNITS.get(unit, 1)) / _PARTS.get(unit, 1)
    return np.where(np.isnat(durations), np.nan, numbers)


def trim_time(text: str) -> str:
    """Cuts numpy's digits of a second to those `datetime.isoformat` prints, none or six, if nothing is lost by it."""
    head, dot, digits = text.partition(".")
    if not dot or not digits.strip("0"):
        return head
    digits = digits.rstrip("0")
    return f"{head}.{digits.ljust(6, '0') if len(digits) <= 6 else digits.ljust(9, '0')}"


def _pandas(value: Any) -> Plain:
    name = class_name(type(value))
    if name in ("NAType", "NaTType"):
        return None, NULL
    if name == "Timestamp":
        return _datetime(value)
    if name == "Timedelta":
        return value.total_seconds(), NUMBER
    if name in ("Period", "Interval"):
        return _str(str(value))
    return describe(value), OBJECT

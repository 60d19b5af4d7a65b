"""One row that was read: plain Python values with their names."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf, isfinite
from typing import Any, Final

from otel_ml.observation.describing import describe
from otel_ml.observation.limits import MAX_INT_BITS, MAX_TEXT
from otel_ml.observation.names import Names
from otel_ml.observation.values import BOOL, NULL, NUMBER, OBJECT, STRING, plain

_NUMBERS: Final = frozenset({float, int, bool})
_KINDS: Final = {float: NUMBER, int: NUMBER, bool: BOOL, str: STRING, type(None): NULL}


@dataclass(slots=True)
class Row:
    """One row, copied.

    Attributes:
        names: One name per value; the same tuple object for the same schema.
        values: Plain Python: None (any kind of null), bool, int, float or str.
        nulls: Indexes of the nulls, ascending.
        invalid: Indexes of the infinite numbers, ascending.
        dropped: Features beyond the column cap, which were not read.
        marks: Kinds that a value alone does not tell: a date and a description are text too.
    """

    names: Names
    values: list[Any]
    nulls: tuple[int, ...] = ()
    invalid: tuple[int, ...] = ()
    dropped: int = 0
    marks: dict[int, str] | None = None

    @property
    def size(self) -> int:
        """The number of rows: one."""
        return 1

    @property
    def nbytes(self) -> int:
        """An estimate of the memory held, names not included: they are shared."""
        return 120 + 40 * len(self.values) + sum([len(value) for value in self.values if type(value) is str])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Per feature number, bool, string, datetime, object or null."""
        kinds = [_KINDS[type(value)] for value in self.values]
        for index, kind in (self.marks or {}).items():
            kinds[index] = kind
        return tuple(kinds)


def make_row(names: Names, values: list[Any], dropped: int = 0) -> Row:
    """Builds a row of `values`, a list that is ours already: nulls found, odd values made plain in place."""
    # One pass in C: hypot is finite only if every number is, and raises for an int beyond float.
    if set(map(type, values)) <= _NUMBERS:
        try:
            if isfinite(hypot(*values)):
                return Row(names, values, (), (), dropped)
        except OverflowError:
            pass
    nulls: list[int] = []
    invalid: list[int] = []
    marks: dict[int, str] = {}
    for index, value in enumerate(values):
        kind = type(value)
        if kind is float:
            if value - value != 0.0:
                if value != value:
                    values[index] = None
                    nulls.append(index)
                else:
                    invalid.append(index)
        elif kind is str:
            if len(value) > MAX_TEXT:
                values[index] = describe(value)
        elif value is None:
            nulls.append(index)
        elif kind is not bool and (kind is not int or value.bit_length() > MAX_INT_BITS):
            _make_plain(values, index, nulls, invalid, marks)
    return Row(names, values, tuple(nulls), tuple(invalid), dropped, marks or None)


def _make_plain(values: list[Any], index: int, nulls: list[int], invalid: list[int], marks: dict[int, str]) -> None:
    value, mark = plain(values[index])
    values[index] = value
    if value is None:
        nulls.append(index)
    elif type(value) is float and value in (inf, -inf):
        invalid.append(index)
    elif type(value) is str and mark != STRING:
        marks[index] = mark


def object_row(name: str, text: str) -> Row:
    """One described value: an input that cannot or must not be read."""
    return Row((name,), [text], marks={0: OBJECT})

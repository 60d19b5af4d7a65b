"""A column taken apart by what its values are: numbers, dates, texts, truth values."""

from __future__ import annotations

import datetime
import decimal
import fractions
import numbers
from typing import Any, Literal, NamedTuple

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.counts.labels import is_null

Type = Literal["number", "datetime", "text", "boolean", "other"]
"""What a value is. Durations are numbers, in seconds."""


class Part(NamedTuple):
    """The values of one type in a column; nulls are in none.

    Attributes:
        type: theirs.
        values: float64 for numbers and dates, bool for truth values; else a list of texts, or of anything.
        rows: where they are, intp of the same length; None when they are the whole column.
    """

    type: Type
    values: Any
    rows: np.ndarray | None


def parts_of(column: np.ndarray) -> list[Part]:
    """Takes a column apart.

    >>> [(part.type, part.values, part.rows) for part in parts_of(np.array([1, "x", None, 2.5], dtype=object))]
    [('number', array([1. , 2.5]), array([0, 3])), ('text', ['x'], array([1]))]
    """
    kind = column.dtype.kind
    if kind == "b":
        return [Part("boolean", column, None)]
    if kind in "iufm":
        return _numbers(column, "numeric", None)
    if kind == "M":
        return _numbers(column, "datetime", None)
    if kind == "U":
        return [Part("text", column.tolist(), None)]
    if kind == "S":
        return [Part("text", [text.decode("utf-8", "replace") for text in column.tolist()], None)]
    return _of_objects(column.tolist() if kind == "O" else list(column))


def _of_objects(values: list[Any]) -> list[Part]:
    present = {type_of(kind) for kind in set(map(type, values)) - {type(None)}}
    if present <= {"text"}:
        return [part for part in [_texts(values)] if len(part.values)]
    if present == {"number"}:
        return _numbers(_objects(values), "numeric", None)
    types = {kind: type_of(kind) for kind in set(map(type, values))}
    places: dict[Type, list[int]] = {}
    for index, value in enumerate(values):
        if not is_null(value):
            places.setdefault(types[type(value)], []).append(index)
    found: list[Part] = []
    for kind, indexes in places.items():
        rows = np.array(indexes, dtype=np.intp)
        some = [values[index] for index in indexes]
        if kind in ("number", "datetime"):
            found += _numbers(_objects(some), "numeric" if kind == "number" else "datetime", rows)
        elif kind == "boolean":
            found.append(Part(kind, np.array(some, dtype=bool), rows))
        elif kind == "text":
            found.append(Part(kind, _texts(some).values, rows))
        else:
            found.append(Part(kind, some, rows))
    return found


def _numbers(column: np.ndarray, kind: str, rows: np.ndarray | None) -> list[Part]:
    values, wrong = to_numbers(column, kind)
    found: list[Part] = []
    if wrong is not None and wrong.any():  # such as durations of months
        places = np.flatnonzero(wrong)
        found.append(Part("other", list(column[places]), places if rows is None else rows[places]))
    null = np.isnan(values)
    if null.any():
        places = np.flatnonzero(~null)
        values, rows = values[places], places if rows is None else rows[places]
    if len(values):
        found.append(Part("number" if kind == "numeric" else "datetime", values, rows))
    return found


def _texts(values: list[Any]) -> Part:
    kinds = set(map(type, values))
    if kinds == {str}:
        return Part("text", values, None)
    rows = None
    if type(None) in kinds:
        rows = np.array([index for index, value in enumerate(values) if value is not None], dtype=np.intp)
        values = [value for value in values if value is not None]
    if not kinds <= {str, type(None)}:
        values = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str.__str__(v) for v in values]
    return Part("text", values, rows)


def _objects(values: list[Any]) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def type_of(kind: type) -> Type:
    """What values of a class are."""
    if issubclass(kind, (bool, np.bool_)):
        return "boolean"
    if issubclass(kind, (str, bytes)):
        return "text"
    if issubclass(kind, (numbers.Real, decimal.Decimal, fractions.Fraction, datetime.timedelta, np.timedelta64)):
        return "number"
    if issubclass(kind, (datetime.date, np.datetime64)):
        return "datetime"
    return "other"

"""Where a value belongs, said one value at a time in plain Python: slow, and with nothing in common with the binner."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from otel_ml.drift.layout import FIRST, NON_FINITE, NULL, RANGE, TYPE
from otel_ml.drift.variables import Variable


def numeric_columns(variable: Variable, value: Any) -> set[int]:
    """Every column of the layout that one value of a numeric variable counts in; the value is plain Python."""
    if value is None or value != value:
        return {NULL}
    if isinstance(value, str):
        value = number_said(value)
    if not isinstance(value, (bool, int, float)):
        return {TYPE}
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    expected = variable.constraints
    columns = {FIRST + bisect_left([*variable.edges, math.inf], number)}
    if math.isinf(number):
        columns.add(NON_FINITE)
    if expected.type == "integer" and math.isfinite(number) and abs(round(number) - number) > abs(number) * 4 / 2**23:
        columns.add(RANGE)
    if expected.minimum is not None and number < expected.minimum - abs(expected.minimum) * 4 / 2**23:
        columns.add(RANGE)
    if expected.maximum is not None and number > expected.maximum + abs(expected.maximum) * 4 / 2**23:
        columns.add(RANGE)
    if expected.non_negative and number < 0:
        columns.add(RANGE)
    return columns


def number_said(text: str) -> float | None:
    """The number that a text says; none for codes, and for what only Python takes for a number."""
    body = text.lstrip("+-")
    if set(text) - set("0123456789+-.eE") or (body[:1] == "0" and body[1:2].isdigit()):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def numeric_counts(variable: Variable, values: Sequence[Any], width: int) -> list[int]:
    """The row of the count matrix that these values make."""
    counts = [0] * width
    for value in values:
        for column in numeric_columns(variable, value):
            counts[column] += 1
    return counts

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
    if not isinstance(value, (bool, int, float)):
        return {TYPE}
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    expected = variable.constraints
    if expected.type == "integer" and math.isfinite(number) and not number.is_integer():
        return {TYPE}
    columns = {FIRST + bisect_left([*variable.edges, math.inf], number)}
    if math.isinf(number):
        columns.add(NON_FINITE)
    if expected.minimum is not None and number < expected.minimum:
        columns.add(RANGE)
    if expected.maximum is not None and number > expected.maximum:
        columns.add(RANGE)
    if expected.non_negative and number < 0:
        columns.add(RANGE)
    return columns


def numeric_counts(variable: Variable, values: Sequence[Any], width: int) -> list[int]:
    """The row of the count matrix that these values make."""
    counts = [0] * width
    for value in values:
        for column in numeric_columns(variable, value):
            counts[column] += 1
    return counts

"""Where a value belongs, said one value at a time in plain Python: slow, with nothing in common with the binner but labels."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from otel_ml.drift.counts.labels import TRUTHS, category_of
from otel_ml.drift.layout import FIRST, NON_FINITE, NULL, RANGE, TYPE, UNSEEN
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
    return _counts((column for value in values for column in numeric_columns(variable, value)), width)


def category_columns(variable: Variable, value: Any) -> set[int]:
    """Every column of the layout that one value of a categorical or boolean variable counts in."""
    if value is None or value != value:
        return {NULL}
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not is_of_type("boolean" if variable.kind == "boolean" else variable.constraints.type, value):
        return {TYPE}
    own, allowed = list(variable.categories), variable.constraints.allowed
    label = category_of(value)
    same = meant(label, [*own, *(variable.known or ()), *(allowed or ())])
    if same in own:
        place = own.index(same)
    else:
        place = len(own) + (slot(label if same is None else same, variable.shared) if variable.shared else 0)
    is_unseen = (same is None and variable.known is not None) if allowed is None else same not in allowed
    return {FIRST + place, *([UNSEEN] if is_unseen else [])}


def category_counts(variable: Variable, values: Sequence[Any], width: int) -> list[int]:
    """The row of the count matrix that these values make."""
    return _counts((column for value in values for column in category_columns(variable, value)), width)


def meant(label: str, labels: list[str]) -> str | None:
    """The one of these labels that says the same, if any."""
    plain = label.removesuffix(".0")
    spelled = [label, *([plain, f"{plain}.0"] if re.fullmatch(r"0|-?[1-9][0-9]{0,14}", plain) else [])]
    for other in spelled:
        if other in labels:
            return other
    same = [other for other in dict.fromkeys(labels) if label in TRUTHS and TRUTHS.get(other) == TRUTHS[label]]
    return same[0] if len(same) == 1 and all(other in TRUTHS for other in labels) else None


def is_of_type(expected: str | None, value: Any) -> bool:
    """Whether a value that is no null is of the type that the constraints name, dates aside."""
    if expected == "boolean":
        return value in TRUTHS if isinstance(value, str) else value in (0, 1)
    if expected == "string":
        return isinstance(value, str)
    if expected == "number":
        return not isinstance(value, str)
    if expected == "integer":
        return isinstance(value, int) or (not isinstance(value, str) and (math.isinf(value) or value == int(value)))
    return True


def slot(label: str, count: int) -> int:
    """The bin that a label shares: splitmix64's finaliser of its checksum."""
    bits = crc32(label.encode("utf-8", "surrogatepass")) + 0x9E3779B97F4A7C15
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % 2**64
    return (bits ^ bits >> 31) % count


def _counts(columns: Iterable[int], width: int) -> list[int]:
    counts = [0] * width
    for column in columns:
        counts[column] += 1
    return counts

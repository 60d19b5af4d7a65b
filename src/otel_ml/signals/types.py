"""Violations of type: a feature that was a number and is text now, or a number that is not finite.

The kind of a feature is what its first value was; nulls have no kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_ml.semconv.attributes import MlViolationTypeValues
from otel_ml.signals.counts import Schema

if TYPE_CHECKING:
    from otel_ml.observation import Batch, Row

TYPE = MlViolationTypeValues.TYPE.value
NON_FINITE = MlViolationTypeValues.NON_FINITE.value

NONE_TYPE = type(None)
KINDS: dict[type, str] = {bool: "bool", int: "number", float: "number", str: "string"}


def row_violations(row: Row, schema: Schema) -> tuple[tuple[int, str], ...]:
    """Which features of one row are not what they were: (index, type of the violation)."""
    types = list(map(type, row.values))
    found = [] if types == schema.types else _check(types, schema)
    if row.invalid:
        found.extend((index, NON_FINITE) for index in row.invalid)
    return tuple(found)


def batch_violations(batch: Batch, schema: Schema) -> dict[tuple[int, str], int]:
    """Which columns of a batch are not what they were, and how many of their values."""
    found: dict[tuple[int, str], int] = {}
    nulls = batch.null_counts()
    for index, kind in enumerate(batch.kinds):
        if kind not in ("number", "bool", "string"):
            continue
        if schema.kinds[index] is None:
            schema.kinds[index] = kind
        elif schema.kinds[index] != kind:
            found[index, TYPE] = batch.size - int(nulls[index])
    for index, count in enumerate(batch.non_finite_counts().tolist()):
        if count:
            found[index, NON_FINITE] = count
    return found


def _check(types: list[type[Any]], schema: Schema) -> list[tuple[int, str]]:
    found = []
    for index, value_type in enumerate(types):
        kind = KINDS.get(value_type)
        if kind is None:
            continue
        expected = schema.kinds[index]
        if expected is None:
            schema.kinds[index] = kind
        elif expected != kind:
            found.append((index, TYPE))
    if not found and NONE_TYPE not in types:
        schema.types = types
    return found

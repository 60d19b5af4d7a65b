"""Violations of type: a feature that was a number and is text now, or a number that is not finite.

The kind of a feature is what its first value was; nulls have no kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from otel_ml.counts import Schema
from otel_ml.semconv.attributes import MlViolationTypeValues

if TYPE_CHECKING:
    from otel_ml.observation import Batch, Row

TYPE = MlViolationTypeValues.TYPE.value
NON_FINITE = MlViolationTypeValues.NON_FINITE.value

NONE_TYPE = type(None)
KINDS: dict[type, str] = {bool: "number", int: "number", float: "number", str: "string"}


def row_violations(row: Row, schema: Schema) -> tuple[tuple[int, str], ...]:
    """Which features of one row are not what they were: (index, type of the violation)."""
    types = list(map(type, row.values))
    found = [] if types == schema.types else _check(types, schema, row.marks or {})
    if row.invalid:
        found.extend((index, NON_FINITE) for index in row.invalid)
    return tuple(found)


def batch_violations(batch: Batch, schema: Schema) -> dict[tuple[int, str], int]:
    """Which columns of a batch are not what they were, and how many of their values."""
    found: dict[tuple[int, str], int] = {}
    for index, by_kind in enumerate(batch.kind_counts()):
        counts = {"number": by_kind.get("number", 0) + by_kind.get("bool", 0), "string": by_kind.get("string", 0)}
        if schema.kinds[index] is None and any(counts.values()):
            schema.kinds[index] = max(counts, key=counts.__getitem__)
        unexpected = sum(count for kind, count in counts.items() if kind != schema.kinds[index])
        if unexpected:
            found[index, TYPE] = unexpected
    for index, count in enumerate(batch.non_finite_counts().tolist()):
        if count:
            found[index, NON_FINITE] = count
    return found


def _check(types: list[type[Any]], schema: Schema, marks: Mapping[int, str]) -> list[tuple[int, str]]:
    found = []
    for index, value_type in enumerate(types):
        kind = KINDS.get(value_type)
        if kind is None or index in marks:  # marked: a date or a description, which are text by type only
            continue
        expected = schema.kinds[index]
        if expected is None:
            schema.kinds[index] = kind
        elif expected != kind:
            found.append((index, TYPE))
    if not found and not marks and NONE_TYPE not in types:
        schema.types = types
    return found

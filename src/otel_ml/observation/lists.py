"""Python lists and tuples: of scalars, of texts, of rows, of records, of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from otel_ml.observation.arrays import column_of, is_row, is_text
from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column
from otel_ml.observation.describing import root_module
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names, default_names, intern_names, names_for
from otel_ml.observation.objects import ObjectColumn
from otel_ml.observation.records import SCALARS, fields_of, flatten
from otel_ml.observation.rows import Row, make_row
from otel_ml.observation.store import sample, store


def read_list(data: list[Any] | tuple[Any, ...], names: Names | None, limits: Limits) -> Row | Batch:
    """Reads an exact list or tuple. The first item tells what the others are expected to be."""
    if not data:
        return Batch((), [], 0)
    first = data[0]
    kind = type(first)
    if kind in SCALARS:
        return _read_scalars(data, names, limits)
    if kind is list and len(data) == 1 and len(first) <= limits.max_columns and set(map(type, first)) <= SCALARS:
        return make_row(names_for(len(first), names), list(first))
    if _cells(first) is not None:
        return _read_rows(data, names, limits)
    if fields_of(kind) is not None:
        return _read_records(data, limits)
    if root_module(kind) == "numpy" and getattr(first, "ndim", 0) == 0:
        return _read_scalars(data, names, limits)
    return store(("input",), [ObjectColumn(list(data))], len(data), limits)


def _read_scalars(data: list[Any] | tuple[Any, ...], names: Names | None, limits: Limits) -> Row | Batch:
    """One row of scalars, or a list of documents."""
    text = is_text(data[:100])
    if is_row(len(data), names, text=text):
        width = min(len(data), limits.max_columns)
        return make_row(names_for(width, names and names[:width]), list(data[:width]), len(data) - width)
    single = names if names is not None and len(names) == 1 else ("text",) if text else default_names(1)
    return _by_chunks(single, lambda start, stop: [list_column(list(data[start:stop]))], len(data), limits, 0)


def _read_rows(data: list[Any] | tuple[Any, ...], names: Names | None, limits: Limits) -> Row | Batch:
    """A list of rows; a row that is shorter than the longest has nulls at its end."""
    longest = max([_width(row) for row in data])
    width = min(longest, limits.max_columns)

    def columns(start: int, stop: int) -> list[Column]:
        rows = [_cells(row) or [row] for row in data[start:stop]]
        rows = [row[:width] if len(row) >= width else [*row, *[None] * (width - len(row))] for row in rows]
        return [list_column(list(column)) for column in zip(*rows, strict=True)]

    return _by_chunks(names_for(width, names and names[:width]), columns, len(data), limits, longest - width)


def _width(row: Any) -> int:
    cells = row if type(row) is list else _cells(row)
    return 1 if cells is None else len(cells)


def _cells(row: Any) -> Sequence[Any] | None:
    """Returns the cells of one row, or None if it is no sequence."""
    kind = type(row)
    if kind is list or kind is tuple:
        return row  # type: ignore[no-any-return]
    if issubclass(kind, list):
        return list(list.__iter__(row))
    if issubclass(kind, tuple) and fields_of(kind) is None:
        return list(tuple.__iter__(row))
    if root_module(kind) == "numpy" and getattr(row, "ndim", 0) == 1 and row.dtype.names is None:
        return row.tolist()  # type: ignore[no-any-return]
    return None


def _read_records(data: list[Any] | tuple[Any, ...], limits: Limits) -> Row | Batch:
    """A list of dicts or of objects with fields; a field that a row lacks is a null of that row."""
    index: dict[str, None] = {}
    dropped = 0
    last: tuple[str, ...] = ()
    # Made flat once; of an input too large to keep, once to learn the names and again chunk by chunk.
    few = len(data) * len(_flat(data[0], limits)) * 8 <= limits.copy_limit
    flats = [_flat(record, limits) for record in data] if few else []
    for flat in flats or map(partial(_flat, limits=limits), data):
        keys = tuple(flat)
        if keys == last:  # nearly always: the rows of one input have one schema
            continue
        last = keys
        for label in keys:
            if label not in index:
                if len(index) < limits.max_columns:
                    index[label] = None
                else:
                    dropped += 1
    labels = tuple(index)

    def columns(start: int, stop: int) -> list[Column]:
        rows = flats[start:stop] or [_flat(record, limits) for record in data[start:stop]]
        if all(tuple(row) == labels for row in rows):
            return [list_column(list(column)) for column in zip(*[row.values() for row in rows], strict=True)]
        return [list_column([row.get(label) for row in rows]) for label in labels]

    return _by_chunks(intern_names(labels), columns, len(data), limits, dropped)


def _flat(record: Any, limits: Limits) -> dict[str, Any]:
    """Returns one record as a flat dict; the record itself if it is one: never changed here."""
    fields = fields_of(type(record))
    if fields is None:
        return {"input": record}
    values = record if type(record) is dict else fields(record)
    if set(map(type, values.values())) <= SCALARS and set(map(type, values)) == {str}:
        return values
    labels: list[object] = []
    leaves: list[Any] = []
    flatten(values, limits, labels, leaves)
    return dict(zip(intern_names(tuple(labels)), leaves, strict=True))


def _by_chunks(
    names: Names, columns: Callable[[int, int], list[Column]], size: int, limits: Limits, dropped: int
) -> Row | Batch:
    """Keeps all rows; above the copy limit builds the columns of some rows at a time, for counts and a sample."""
    if size * len(names) * 8 <= limits.copy_limit:
        return store(names, columns(0, size), size, limits, dropped, own=True)
    import numpy as np

    positions = sample(size, limits.sample_rows)
    nulls, invalid = np.zeros(len(names), dtype=np.int64), np.zeros(len(names), dtype=np.int64)
    picked: list[list[Any]] = [[] for _ in names]
    step = max(1, limits.copy_limit // (8 * len(names)))
    for start in range(0, size, step):
        inside = positions[(positions >= start) & (positions < start + step)] - start
        for index, column in enumerate(columns(start, min(start + step, size))):
            nulls[index] += column.nulls()
            invalid[index] += column.invalid()
            picked[index] += column.pick(inside)
    held = [list_column(values) for values in picked]
    return Batch(names, held, size, dropped=dropped, positions=positions, nulls=nulls, invalid=invalid)


def list_column(values: list[Any]) -> Column:
    """Returns a numeric column where all values are numbers, or numbers and None; else one of objects."""
    import numpy as np

    types = set(map(type, values))
    if types <= {float, type(None)} and float in types:
        return column_of(np.array(values, dtype=np.float64))
    if types == {bool}:
        return column_of(np.array(values, dtype=np.bool_))
    if types <= {int, float, type(None)} and types & {int, float}:
        present = [value for value in values if type(value) is int]
        # An int that a float cannot hold exactly must not be changed on its way.
        if not present or (max(present) <= 2**53 and min(present) >= -(2**53)):
            return column_of(np.array(values, dtype=np.int64 if types == {int} else np.float64))
        if types == {int} and max(present) < 2**63 and min(present) >= -(2**63):
            return column_of(np.array(values, dtype=np.int64))
    return ObjectColumn(values, types)

"""Mappings: one row of named values, or a batch given by column."""

from __future__ import annotations

from typing import Any

from otel_ml.observation.batches import Batch
from otel_ml.observation.describing import root_module
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names, intern_names, label_text
from otel_ml.observation.records import SCALARS, read_record
from otel_ml.observation.rows import Row

_LIBRARIES = frozenset({"numpy", "pandas", "polars", "pyarrow"})


def read_mapping(data: dict[Any, Any], names: Names | None, limits: Limits) -> Row | Batch:
    """Reads an exact dict.

    Arrays and Series of one length are columns. Lists of scalars of one length are columns if there are two or more
    of them, or if the model knows all the keys as features; `{"features": [5.1, 3.5]}` is one row with a nested
    list. Anything else is one row.
    """
    for value in data.values():  # the first value settles nearly every call
        if type(value) in SCALARS or type(value) is dict:
            return read_record(data, limits)
        break
    else:
        return read_record(data, limits)
    if len(data) > limits.max_columns:
        return read_record(data, limits)
    columns = _columns(data, names, limits)
    return read_record(data, limits) if columns is None else columns


def _columns(data: dict[Any, Any], names: Names | None, limits: Limits) -> Row | Batch | None:
    sizes: set[int] = set()
    lists = False
    for value in data.values():
        kind = type(value)
        if kind is list or kind is tuple:
            lists = True
            sizes.add(len(value))
            if not set(map(type, value[:100])) <= SCALARS:
                return None
        elif root_module(kind) in _LIBRARIES and getattr(value, "shape", None):
            sizes.add(int(value.shape[0]))
        elif root_module(kind) == "pyarrow":
            sizes.add(len(value))
        else:
            return None
        if len(sizes) > 1:
            return None
    if lists and len(data) == 1 and (names is None or label_text(next(iter(data))) not in names):
        return None
    return _read_columns(data, sizes.pop(), names, limits)


def _read_columns(data: dict[Any, Any], size: int, names: Names | None, limits: Limits) -> Row | Batch:
    from otel_ml.observation.arrays import column_of
    from otel_ml.observation.lists import list_column
    from otel_ml.observation.store import store

    labels: list[str] = []
    columns: list[Any] = []
    dropped = 0
    for key, value in data.items():
        name, kind = label_text(key), type(value)
        if kind is list or kind is tuple:
            labels.append(name)
            columns.append(list_column(list(value)))
        elif root_module(kind) == "numpy" and value.ndim == 2:
            dropped += _spread(name, value, len(data) == 1, names, limits, labels, columns)
        else:
            labels.append(name)
            columns.append(column_of(value) if root_module(kind) == "numpy" else _series(value))
    return store(intern_names(tuple(labels)), columns, size, limits, dropped)


def _spread(
    name: str, matrix: Any, alone: bool, names: Names | None, limits: Limits, labels: list[str], columns: list[Any]
) -> int:
    """Adds a matrix under one key as columns `key_0` …, or as the model's own names if it is all there is."""
    from otel_ml.observation.arrays import column_of

    width = matrix.shape[1]
    room = min(width, limits.max_columns - len(labels))
    own = names if alone and names is not None and len(names) == width else None
    for index in range(room):
        labels.append(own[index] if own else name if width == 1 else f"{name}_{index}")
        columns.append(column_of(matrix[:, index]))
    return int(width - room)


def _series(value: Any) -> Any:
    root = root_module(type(value))
    if root == "pandas":
        from otel_ml.observation.frames import pandas_column

        return pandas_column(value.array)
    if root == "pyarrow":
        from otel_ml.observation.arrow import arrow_column

        return arrow_column(value)
    import narwhals.stable.v2 as nw

    from otel_ml.observation.series import native_column

    return native_column(nw.from_native(value, series_only=True), shared=True)

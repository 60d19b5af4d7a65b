"""Any table as named numpy columns, by what it can do rather than by its class, so that no data frame library is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from otel_ml.drift.counts.columns import bare

Columns = dict[str, np.ndarray]
"""Arrays of one length by name; a null is NaN, NaT, or None in an array of objects."""


def columns_of(data: Any) -> tuple[Columns, int]:
    """Reads one table.

    Args:
        data: a mapping of columns; a 2-D array (columns ``f0``, ``f1``, …), a structured or a 1-D one; a frame of pandas,
            polars or another library with their methods; a table or record batch of pyarrow; a list of dicts; or a single
            column: a series, called as it is or else ``f0``, or an array of pyarrow, which has no name.

    Returns:
        The columns in order, and the number of rows.

    Raises:
        TypeError: it is none of these.
        ValueError: columns differ in length or share a name.

    >>> columns_of([{"age": 41, "city": "Oslo"}, {"age": None}])
    ({'age': array([41., nan]), 'city': array(['Oslo', None], dtype=object)}, 2)
    """
    if isinstance(data, Mapping):
        return _checked([(name, column_array(column)) for name, column in data.items()])
    if isinstance(data, np.ndarray):
        return _of_array(data)
    if hasattr(data, "column_names") and hasattr(data, "column"):  # pyarrow
        return _checked([(name, _arrow(data.column(i))) for i, name in enumerate(data.column_names)])
    if hasattr(data, "iloc") and hasattr(data, "columns"):  # pandas, and those who follow it; names may repeat there
        return _checked([(name, _pandas(data.iloc[:, i])) for i, name in enumerate(data.columns)])
    if hasattr(data, "get_column") and hasattr(data, "columns"):  # polars
        return _checked([(name, _polars(data.get_column(name))) for name in data.columns])
    if isinstance(data, (list, tuple)) and all(isinstance(row, Mapping) for row in data):
        return _of_rows(data)
    if hasattr(data, "to_pylist") or (hasattr(data, "to_numpy") and hasattr(data, "name")):  # pyarrow has no names
        name, column = getattr(data, "name", None), column_array(data)
        return {"f0" if name is None or name == "" else str(name): column}, len(column)
    if hasattr(data, "__array__") and not hasattr(data, "columns"):
        return _of_array(np.asarray(data))
    raise TypeError(
        f"can not read a table from {type(data).__name__}: use a mapping of columns, an array, a frame of pandas or polars, "
        "a pyarrow table, or a list of dicts"
    )


def chunks_of(data: Any) -> Iterator[tuple[Columns, int]]:
    """Reads a table, or an iterator of tables, one after another; only one is held at a time.

    Raises:
        TypeError: as `columns_of`.
        ValueError: as `columns_of`.

    >>> [rows for _, rows in chunks_of(np.zeros((2, 3)) for _ in range(4))]
    [2, 2, 2, 2]
    """
    if not _is_chunks(data):
        yield columns_of(data)
        return
    chunks = iter(data)
    first = next(chunks, None)
    if first is None:
        return
    if isinstance(first, Mapping) and not any(np.ndim(value) for value in first.values()):
        raise TypeError("these chunks are single rows: collect them, such as list(rows), or hand on lists of them")
    for chunk in chain([first], chunks):
        yield columns_of(chunk)


def _is_chunks(data: Any) -> bool:
    if isinstance(data, (list, tuple)):
        return bool(data) and not all(isinstance(row, Mapping) for row in data)
    known = ("column_names", "columns", "__array__")
    return isinstance(data, Iterable) and not isinstance(data, Mapping) and not any(hasattr(data, k) for k in known)


def column_array(column: Any) -> np.ndarray:
    """Reads one column: an array, a list, or a series of pandas, polars or pyarrow.

    >>> column_array([1, None, 3])
    array([ 1., nan,  3.])
    """
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise ValueError(f"a column has one dimension, not {column.ndim}")
        return bare(column)
    if hasattr(column, "to_pylist"):
        return _arrow(column)
    if hasattr(column, "iloc"):
        return _pandas(column)
    if hasattr(column, "to_numpy"):
        return _polars(column)
    return _of_list(list(column))


def _checked(named: list[tuple[Any, np.ndarray]]) -> tuple[Columns, int]:
    columns = {str(name): column for name, column in named}
    if len(columns) != len(named):
        names = [str(name) for name, _ in named]
        raise ValueError(f"two columns have the name {next(n for n in names if names.count(n) > 1)!r}")
    rows = {len(column) for column in columns.values()}
    if len(rows) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in list(columns.items())[:5])
        raise ValueError(f"columns differ in length: {lengths}")
    return columns, rows.pop() if rows else 0


def _of_array(data: np.ndarray) -> tuple[Columns, int]:
    if data.dtype.names:
        return _checked([(name, column_array(data[name])) for name in data.dtype.names])
    if data.ndim == 1:
        return {"f0": bare(data)}, len(data)
    if data.ndim != 2:
        raise TypeError(f"a table has two dimensions, not {data.ndim}")
    return {f"f{index}": bare(data[:, index]) for index in range(data.shape[1])}, data.shape[0]


def _of_rows(rows: Any) -> tuple[Columns, int]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: _of_list([row.get(name) for row in rows]) for name in names}, len(rows)


def _of_list(values: list[Any]) -> np.ndarray:
    kinds = set(map(type, values))
    if kinds and kinds <= {float, int, type(None)} and kinds != {type(None)}:
        try:
            return np.array(values, dtype=np.int64 if kinds == {int} else np.float64)
        except OverflowError:  # an integer beyond 64 bits
            pass
    if kinds == {bool}:
        return np.array(values, dtype=bool)
    return _objects(values)


def _objects(values: list[Any]) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _pandas(series: Any) -> np.ndarray:
    values = series.array
    name = type(values).__name__
    if name == "Categorical":
        return _decoded(np.asarray(values.codes), np.asarray(values.categories, dtype=object))
    if hasattr(values, "__arrow_array__") and name.startswith("Arrow"):
        return _arrow(values.__arrow_array__())
    if name in ("IntegerArray", "FloatingArray", "BooleanArray"):
        plain = values.to_numpy(dtype=values.dtype.numpy_dtype, na_value=values.dtype.numpy_dtype.type(0))
        return _with_nulls(plain, np.asarray(values.isna()))
    if name == "DatetimeArray":  # with a time zone, too: in UTC
        return np.asarray(values, dtype=f"datetime64[{values.unit}]")
    if name == "SparseArray":
        return np.asarray(values)
    return bare(np.asarray(series.to_numpy()))


def _polars(series: Any) -> np.ndarray:
    if str(series.dtype) in ("Int64", "UInt64") and series.null_count():
        return _with_nulls(np.asarray(series.fill_null(0).to_numpy()), np.asarray(series.is_null().to_numpy()))
    values = np.asarray(series.to_numpy())
    # a row of several values, of an array or a struct, is one object: unravelled it would be several rows
    return bare(values) if values.ndim == 1 else _objects(series.to_list())


def _arrow(column: Any) -> np.ndarray:
    if hasattr(column.type, "value_type") and hasattr(column, "dictionary_decode"):
        column = column.dictionary_decode()
    elif hasattr(column.type, "index_type"):  # a chunked array of dictionaries
        column = column.cast(column.type.value_type)
    if str(column.type) in ("int64", "uint64") and column.null_count:
        return _with_nulls(column.fill_null(0).to_numpy(zero_copy_only=False), _arrow(column.is_null()))
    try:
        return bare(np.asarray(column.to_numpy(zero_copy_only=False)))
    except (ValueError, OverflowError):  # what Python has no value for, such as a date beyond its years in a struct
        return _objects([value if value.is_valid else None for value in column])


def _with_nulls(values: np.ndarray, nulls: np.ndarray) -> np.ndarray:
    """Numbers that could be null, as float64 unless an integer would lose digits that tell a category."""
    if not nulls.any():
        return values
    if values.dtype.kind == "f" or (values.dtype.kind in "iu" and values.size and _exact(values)):
        return np.where(nulls, np.nan, values)
    found = values.astype(object)
    found[nulls] = None
    return found


def _exact(integers: np.ndarray) -> bool:
    return int(integers.min()) >= -(2**53) and int(integers.max()) <= 2**53


def _decoded(codes: np.ndarray, categories: np.ndarray) -> np.ndarray:
    """Categories by code; a negative code is a null."""
    found = np.append(categories, np.array([None], dtype=object))
    return np.asarray(found[np.where(codes < 0, len(categories), codes)])

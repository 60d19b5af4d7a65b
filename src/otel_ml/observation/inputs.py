"""The way in: whatever a model is called with, as a `Row` or a `Batch`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from otel_ml.observation.batches import Batch
from otel_ml.observation.describing import describe, root_module
from otel_ml.observation.limits import Limits, limits_of
from otel_ml.observation.lists import read_list
from otel_ml.observation.mappings import read_mapping
from otel_ml.observation.names import Names, names_for
from otel_ml.observation.records import fields_of, read_record
from otel_ml.observation.rows import Row, make_row, object_row
from otel_ml.observation.values import IMMUTABLE, marked

Reader = Callable[[Any, Names | None, Limits], Row | Batch]

_readers: dict[type, Reader] = {}


def read_inputs(
    data: object,
    *,
    names: tuple[str, ...] | None = None,
    max_depth: int = 3,
    max_columns: int = 10_000,
    copy_limit: int = 64 * 1024 * 1024,
    sample_rows: int = 100,
) -> Row | Batch | None:
    """Reads the input of one model call, and keeps nothing of it that the caller could change.

    One row is a mapping, an object with fields (pydantic, dataclass, attrs, named tuple), or a sequence of scalars.
    Many rows are a list of those, a 2-D array, a data frame, or a mapping of columns. Texts in a list are documents,
    one row each. What cannot be read without running unknown code or using up the data (generators, lazy frames,
    tensors on another device, unknown objects) is described.

    Args:
        data: The input. Never changed, iterated only where iterating has no effect.
        names: Feature names the model knows, for inputs that bring none. They also tell whether a vector is one row
            of that many features or many rows of one feature. Without them a vector of numbers is one row.
        max_depth: Levels of nesting that become names of their own (`user_address_city` is three).
        max_columns: Features read; the rest is counted in `dropped`.
        copy_limit: Bytes above which a batch keeps exact counts and a sample of the rows instead of a copy.
        sample_rows: Rows in such a sample, drawn uniformly.

    Returns:
        A `Row` if there is exactly one row, else a `Batch`; None for None.

    Example:
        >>> row = read_inputs({"age": 41, "user": {"city": "Oslo"}, "income": float("nan")})
        >>> row.names, row.values, row.nulls
        (('age', 'user_city', 'income'), [41, 'Oslo', None], (2,))
    """
    kind = type(data)
    reader = _readers.get(kind)
    if reader is None:
        if data is None:
            return None
        reader = _reader_of(kind)
        if len(_readers) >= 1_024:  # classes made at run time must not pile up here
            _readers.clear()
        _readers[kind] = reader
    return reader(data, names, limits_of(max_depth, max_columns, copy_limit, sample_rows))


def _reader_of(kind: type) -> Reader:
    """Finds how to read a type. Libraries are recognised by what is imported already, never imported for it."""
    if kind is dict:
        return read_mapping
    if kind is list or kind is tuple:
        return read_list
    if kind in IMMUTABLE:
        return _read_scalar
    fields = fields_of(kind)
    if fields is not None:
        return (
            _read_dict_subclass if issubclass(kind, dict) else lambda data, _, limits: read_record(fields(data), limits)
        )
    if issubclass(kind, list):
        return lambda data, names, limits: read_list(list(list.__iter__(data)), names, limits)
    if issubclass(kind, tuple):
        return lambda data, names, limits: read_list(tuple(tuple.__iter__(data)), names, limits)
    return _library_reader(kind) or _read_scalar


def _library_reader(kind: type) -> Reader | None:
    roots = {root_module(base) for base in kind.__mro__}
    if "numpy" in roots and issubclass(kind, sys.modules["numpy"].ndarray):
        from otel_ml.observation.arrays import read_array

        return read_array
    if "numpy" in roots and issubclass(kind, sys.modules["numpy"].void):
        return _read_record_scalar
    if "pandas" in roots and (pandas := sys.modules.get("pandas")) is not None:
        return _pandas_reader(kind, pandas)
    if "scipy" in roots and (sparse := sys.modules.get("scipy.sparse")) is not None:
        from otel_ml.observation.sparse import read_sparse

        return read_sparse if issubclass(kind, (sparse.spmatrix, sparse.sparray)) else None
    if roots & {"torch", "tensorflow", "jax", "jaxlib"} and hasattr(kind, "shape"):
        from otel_ml.observation.tensors import read_tensor

        return read_tensor
    if "pyarrow" in roots:
        return _arrow_reader
    if roots & {"polars", "narwhals", "modin", "cudf", "dask", "pyspark", "duckdb", "ibis", "sqlframe"}:
        return _narwhals_reader
    return None


def _pandas_reader(kind: type, pandas: Any) -> Reader | None:
    from otel_ml.observation.frames import pandas_column, read_pandas, read_pandas_series
    from otel_ml.observation.store import store

    if issubclass(kind, pandas.DataFrame):
        return read_pandas
    if issubclass(kind, pandas.Series):
        return read_pandas_series
    if issubclass(kind, pandas.api.extensions.ExtensionArray):
        return lambda data, names, limits: store(names_for(1, names), [pandas_column(data)], len(data), limits)
    return None


def _arrow_reader(data: Any, _: Names | None, limits: Limits) -> Row | Batch:
    from otel_ml.observation.arrow import read_arrow

    return read_arrow(data, limits)


def _narwhals_reader(data: Any, _: Names | None, limits: Limits) -> Row | Batch:
    from otel_ml.observation.series import read_frame

    return read_frame(data, limits)


def _read_record_scalar(data: Any, names: Names | None, limits: Limits) -> Row | Batch:
    import numpy as np

    from otel_ml.observation.arrays import read_array

    return read_array(np.asarray(data), names, limits)


def _read_dict_subclass(data: Any, names: Names | None, limits: Limits) -> Row | Batch:
    return read_mapping(dict(dict.items(data)), names, limits)


def _read_scalar(data: object, names: Names | None, limits: Limits) -> Row | Batch:
    """One scalar or one text, or an unknown object, described."""
    if type(data) is str:
        return make_row(names if names is not None and len(names) == 1 else ("text",), [data])
    value = marked(data)
    if type(value) in IMMUTABLE and type(data) in IMMUTABLE:
        return make_row(names_for(1, names), [value])
    return object_row("input", describe(data))

"""Data frames and series: pandas block by block, every other library through narwhals."""
# ruff: noqa: D102 - the base class Column documents what each method does

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_ml.observation.arrays import column_of
from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column, MaskedColumn, count_kinds
from otel_ml.observation.describing import class_name, root_module
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names, intern_names, names_for
from otel_ml.observation.objects import CategoryColumn, ConstantColumn, ObjectColumn
from otel_ml.observation.rows import Row, make_row
from otel_ml.observation.store import store
from otel_ml.observation.values import DATETIME

if TYPE_CHECKING:
    import numpy as np


def read_pandas(frame: Any, names: Names | None, limits: Limits) -> Row | Batch:
    """Reads a pandas DataFrame, one row or many."""
    import pandas as pd

    size, width = pd.DataFrame.shape.fget(frame)  # type: ignore[attr-defined]  # not a subclass's own
    dropped = max(0, width - limits.max_columns)
    labels = _labels(frame.columns, width - dropped, names)
    blocks = _blocks(frame, width)
    if size == 1 and not dropped:
        return make_row(labels, _only_row(blocks, width))
    columns: list[Any] = [None] * width
    for positions, block in blocks:
        for position, array in zip(positions, block if type(block).__name__ == "ndarray" else [block], strict=True):
            if position < width - dropped:
                columns[position] = pandas_column(array)
    return store(labels, columns[: width - dropped], size, limits, dropped)


def _labels(index: Any, width: int, given: Names | None) -> Names:
    if type(index).__name__ == "RangeIndex":  # pandas' own numbers, for a frame that nobody named the columns of
        return names_for(width, given and given[:width])
    labels = index.tolist()
    return intern_names(tuple(labels if len(labels) == width else labels[:width]))


def _blocks(frame: Any, width: int) -> list[tuple[list[int], Any]]:
    """Returns the frame's storage as (positions of the columns, array with one row per column, or one column).

    Ten times as fast as asking for every column. The block manager is pandas' own affair, so that anything
    unexpected there leads to the public way.
    """
    import numpy as np

    try:
        found = []
        for block in frame._mgr.blocks:
            values = block.values
            places = block.mgr_locs.as_array.tolist()
            if values.ndim == 2 and type(values) is not np.ndarray:  # dates are extension arrays of two dimensions
                values = [values[row] for row in range(len(places))]
                found += [([place], value) for place, value in zip(places, values, strict=True)]
            else:
                found.append((places, values))
        if sum([len(places) for places, _ in found]) == width:
            return found
    except (AttributeError, TypeError, IndexError):
        pass
    return [([position], frame.iloc[:, position].array) for position in range(width)]


def _only_row(blocks: list[tuple[list[int], Any]], width: int) -> list[Any]:
    """Returns the values of a frame of one row; numpy's numbers block by block, others by column."""
    import numpy as np

    first = np.zeros(1, dtype=np.int64)
    values: list[Any] = [None] * width
    for positions, block in blocks:
        if type(block) is np.ndarray and block.dtype.kind in "biufO" and block.ndim == 2 and block.itemsize <= 8:
            items = block[:, 0].tolist()
        elif class_name(type(block)).startswith("ArrowString"):
            items = [block[0]]
        else:
            items = [pandas_column(array).pick(first)[0] for array in (block if type(block) is np.ndarray else [block])]
        if len(items) == width:
            return items  # type: ignore[no-any-return]
        for position, item in zip(positions, items, strict=True):
            values[position] = item
    return values


def read_pandas_series(series: Any, names: Names | None, limits: Limits) -> Row | Batch:
    """Reads a pandas Series: a row if its index holds the feature names (`frame.iloc[0]`), else one column."""
    index = series.index
    size = len(index)
    column = pandas_column(series.array)
    labelled = all(type(label) is str for label in index[:20]) and size > 0
    if names is not None and len(names) == size and size != 1 and not labelled:
        return _as_row(names, column, size, limits)
    if labelled and (names is None or size == len(names)):
        return _as_row(tuple(index[: limits.max_columns].tolist()), column, size, limits)
    if size == 1 and names is not None and len(names) == 1:
        return store(intern_names(names), [column], size, limits)
    label = series.name if series.name is not None else "f0"
    return store(intern_names((label,)), [column], size, limits)


def _as_row(names: Names, column: Column, size: int, limits: Limits) -> Row:
    import numpy as np

    width = min(size, limits.max_columns)
    return make_row(intern_names(names[:width]), column.pick(np.arange(width)), size - width)


def pandas_column(array: Any) -> Column:
    """Returns the column of a pandas array of any dtype; numbers are not copied yet."""
    import numpy as np

    if type(array) is np.ndarray:
        return column_of(array)
    kind = type(array)
    if root_module(kind) != "pandas":  # an extension type of somebody's own: its conversions are not ours to run
        return ConstantColumn(f"<{class_name(kind)}>", len(array))
    name = class_name(kind)
    if name == "Categorical":
        return CategoryColumn(array.codes, array.categories.tolist())
    if name in ("ArrowExtensionArray", "ArrowStringArray", "ArrowStringArrayNumpySemantics"):
        from otel_ml.observation.arrow import arrow_column

        return arrow_column(array.__arrow_array__())
    if name in ("NumpyExtensionArray", "PandasArray"):
        return column_of(array.to_numpy())
    if name in ("IntegerArray", "FloatingArray", "BooleanArray"):
        dtype = array.dtype.numpy_dtype
        return MaskedColumn(array.to_numpy(dtype=dtype, na_value=dtype.type(0)), np.asarray(array.isna()))
    if name == "DatetimeArray" and array.tz is not None:
        return ZonedColumn(array)
    if name == "DatetimeArray":
        return column_of(np.asarray(array, dtype=f"datetime64[{getattr(array, 'unit', 'ns')}]"))
    if name in ("TimedeltaArray", "SparseArray"):
        return column_of(np.asarray(array))
    return ObjectColumn(np.asarray(array, dtype=object).tolist())


class ZonedColumn(Column):
    """Dates of pandas with a time zone; the text keeps the offset."""

    __slots__ = ("_dates",)

    def __init__(self, dates: Any) -> None:
        self._dates = dates
        self.size = len(dates)
        self.nbytes = dates.nbytes

    def array(self) -> np.ndarray:
        import numpy as np

        return np.asarray(self._dates, dtype=f"datetime64[{self._dates.unit}]")

    def pick(self, rows: np.ndarray) -> list[Any]:
        return list(self._dates.take(rows))

    def nulls(self) -> int:
        return int(self._dates.isna().sum())

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(DATETIME, self.size, self.nulls())

    def copy(self) -> Column:
        return ZonedColumn(self._dates.copy())

    def take(self, rows: np.ndarray) -> Column:
        return ZonedColumn(self._dates.take(rows))

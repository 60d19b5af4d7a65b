# ruff: noqa: D102 - the base class Column documents what each method does
"""polars and whatever else narwhals knows: frames read by column, polars' immutable memory shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_ml.observation.arrays import column_of
from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column, count_kinds
from otel_ml.observation.describing import describe
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import intern_names
from otel_ml.observation.objects import ConstantColumn
from otel_ml.observation.rows import Row, make_row, object_row
from otel_ml.observation.store import store
from otel_ml.observation.values import BOOL, DATETIME, NUMBER, OBJECT, STRING, marked, plain

if TYPE_CHECKING:
    import numpy as np


class SeriesColumn(Column):
    """A narwhals series over memory that does not change (arrow's); counted and converted by its own library."""

    __slots__ = ("_kind", "_series")

    def __init__(self, series: Any) -> None:
        self._series = series
        self.size = len(series)
        self._kind = _kind_of(series.dtype)
        self.nbytes = _nbytes(series)

    def array(self) -> np.ndarray:
        import numpy as np

        if self._kind in (NUMBER, BOOL) and self._series.dtype.is_numeric() and not self._series.dtype.is_decimal():
            array: np.ndarray = self._series.to_numpy()
            return array
        array = np.empty(self.size, dtype=object)
        array[:] = [plain(value)[0] for value in self._series.to_list()]
        return array

    def pick(self, rows: np.ndarray) -> list[Any]:
        taken = self._series if len(rows) == self.size else self._series[rows.tolist()]
        values: list[Any] = taken.to_list()
        return values if self._kind in (NUMBER, BOOL, STRING) else [marked(value) for value in values]

    def nulls(self) -> int:
        count = int(self._series.null_count())
        return count + int(self._series.is_nan().sum() or 0) if self._series.dtype.is_float() else count

    def invalid(self) -> int:
        if not self._series.dtype.is_float():
            return 0
        finite = int(self._series.is_finite().sum() or 0)
        return self.size - finite - self.nulls()

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(self._kind, self.size, self.nulls())

    def take(self, rows: np.ndarray) -> Column:
        return SeriesColumn(self._series[rows.tolist()])


def _kind_of(dtype: Any) -> str:
    import narwhals.stable.v2 as nw

    if dtype.is_numeric() or dtype == nw.Duration:
        return NUMBER
    if dtype == nw.Boolean:
        return BOOL
    if dtype in (nw.String, nw.Categorical) or dtype == nw.Enum:
        return STRING
    return DATETIME if dtype.is_temporal() else OBJECT


def _nbytes(series: Any) -> int:
    native = series.to_native()
    size = getattr(native, "nbytes", None)  # pyarrow
    if size is None and hasattr(native, "estimated_size"):  # polars
        size = native.estimated_size()
    return int(size) if size is not None else 8 * len(series)


def read_frame(data: Any, limits: Limits) -> Row | Batch:
    """Reads an eager frame or series; a lazy frame is described, since collecting it would run the caller's query."""
    import narwhals.stable.v2 as nw

    native = nw.to_native(data, pass_through=True)
    frame = nw.from_native(native, pass_through=True, allow_series=True)
    if isinstance(frame, nw.Series):
        column = native_column(frame, frame.implementation is nw.Implementation.POLARS)
        return store(intern_names((frame.name or "f0",)), [column], len(frame), limits)
    if not isinstance(frame, nw.DataFrame):
        return object_row("input", describe(data))
    names = frame.columns
    kept = names[: limits.max_columns]
    labels = intern_names(tuple(kept))
    dropped = len(names) - len(kept)
    if len(frame) == 1:
        return make_row(labels, list(frame.row(0)[: len(kept)]), dropped)
    shared = frame.implementation is nw.Implementation.POLARS
    columns = [native_column(frame.get_column(name), shared) for name in kept]
    return store(labels, columns, len(frame), limits, dropped)


def native_column(series: Any, shared: bool) -> Column:
    """Returns a narwhals series as a column: shared if its memory cannot change, else as a numpy array."""
    if _kind_of(series.dtype) is OBJECT:
        return ConstantColumn(f"<{str(series.dtype)[:100]}>", len(series))
    return SeriesColumn(series) if shared else column_of(series.to_numpy())

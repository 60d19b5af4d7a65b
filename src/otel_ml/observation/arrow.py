"""pyarrow tables, record batches and arrays: their memory does not change, so that it is shared and not copied."""

from __future__ import annotations

from typing import Any

from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column
from otel_ml.observation.describing import describe
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import intern_names
from otel_ml.observation.rows import Row, make_row, object_row
from otel_ml.observation.series import native_column
from otel_ml.observation.store import store


def read_arrow(data: Any, limits: Limits) -> Row | Batch:
    """Reads a table, a record batch, or an array as one column. Whatever would have to be scanned is described."""
    import pyarrow as pa

    if isinstance(data, pa.Array | pa.ChunkedArray):
        return store(("f0",), [arrow_column(data)], len(data), limits)
    if not isinstance(data, pa.Table | pa.RecordBatch):
        return object_row("input", describe(data))
    kept = min(data.num_columns, limits.max_columns)
    labels = intern_names(tuple(data.schema.names[:kept]))
    columns = [data.column(index) for index in range(kept)]
    dropped = data.num_columns - kept
    if data.num_rows == 1:
        return make_row(labels, [column[0].as_py() for column in columns], dropped)
    return store(labels, [arrow_column(column) for column in columns], data.num_rows, limits, dropped)


def arrow_column(array: Any) -> Column:
    """Returns the column of an arrow array, chunked or not."""
    import narwhals.stable.v2 as nw
    import pyarrow as pa

    chunked = pa.chunked_array([array]) if isinstance(array, pa.Array) else array
    return native_column(nw.from_native(chunked, series_only=True), shared=True)

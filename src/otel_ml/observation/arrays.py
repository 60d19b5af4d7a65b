"""numpy arrays: plain, structured, masked, of any dtype and dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import ArrayColumn, Column, MaskedColumn
from otel_ml.observation.describing import described_array
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names, default_names, intern_names, names_for
from otel_ml.observation.objects import ConstantColumn, ObjectColumn
from otel_ml.observation.rows import Row, make_row, object_row
from otel_ml.observation.store import sample, store
from otel_ml.observation.values import Described, duration_seconds, marked, plain

if TYPE_CHECKING:
    import numpy as np


def read_array(data: np.ndarray, names: Names | None, limits: Limits) -> Row | Batch:
    """Reads an array: rows by columns; a vector; or a batch of described rows above two dimensions."""
    import numpy as np

    if type(data) is not np.ndarray:
        if isinstance(data, np.ma.MaskedArray):
            return _read_masked(data, names, limits)
        data = np.ndarray.view(data, np.ndarray)  # np.matrix and subclasses of one's own: the array beneath
    if data.dtype.names is not None:
        return _read_structured(data, limits)
    if data.ndim == 2:
        return _read_matrix(data, names, limits)
    if data.ndim == 1:
        return _read_vector(data, names, limits)
    if data.ndim == 0:
        value = data.item() if data.dtype.kind == "O" else data[()]
        return make_row(names_for(1, names), [marked(value)])
    text = described_array(data.shape[1:], str(data.dtype))
    return described_rows(text, data.shape[0], limits)


def described_rows(text: str, size: int, limits: Limits) -> Row | Batch:
    """Returns `size` rows of one feature that is the same description in each: images, tensors."""
    if size == 1:
        return object_row("input", text)
    return store(("input",), [ConstantColumn(text, size)], size, limits)


def _read_matrix(data: np.ndarray, names: Names | None, limits: Limits) -> Row | Batch:
    size, width = data.shape
    dropped = width - limits.max_columns
    if dropped > 0:
        data, names, width = data[:, : limits.max_columns], names and names[: limits.max_columns], limits.max_columns
    else:
        dropped = 0
    labels = names_for(width, names)
    kind = data.dtype.kind
    if size == 1 and (kind in "biu" or (kind == "f" and data.itemsize <= 8)):
        return make_row(labels, data[0].tolist(), dropped)
    if kind in "biuf" and data.itemsize <= 8:
        if data.nbytes > limits.copy_limit:
            return _sample_matrix(data, labels, limits, dropped)
        # One copy, transposed: whatever counts a column later finds it in one piece of memory.
        return Batch(labels, [ArrayColumn(column) for column in data.T.copy()], size, dropped=dropped)
    return store(labels, [column_of(data[:, index]) for index in range(width)], size, limits, dropped)


def _sample_matrix(data: np.ndarray, names: Names, limits: Limits, dropped: int) -> Batch:
    import numpy as np

    size, width = data.shape
    nulls, invalid = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    step = max(1, 2_000_000 // max(1, data.strides[0] if data.strides[0] > 0 else data.itemsize * width))
    for start in range(0, size, step) if data.dtype.kind == "f" else ():
        chunk = data[start : start + step]
        with np.errstate(all="ignore"):
            finite = np.isfinite(chunk.sum(dtype=np.float64))
        if not finite:  # a sum is the cheapest pass that meets every NaN and infinity
            nulls += np.isnan(chunk).sum(axis=0)
            invalid += np.isinf(chunk).sum(axis=0)
    positions = sample(size, limits.sample_rows)
    columns = [ArrayColumn(column) for column in data[positions].T.copy()]
    return Batch(names, columns, size, dropped=dropped, positions=positions, nulls=nulls, invalid=invalid)


def _read_vector(data: np.ndarray, names: Names | None, limits: Limits) -> Row | Batch:
    """One row, or one column of many rows: the given names tell; without them numbers are a row, texts documents."""
    size = data.shape[0]
    if is_row(size, names, text=_is_text(data)):
        return _read_matrix(data[None, :], names, limits)
    single = names if names is not None and len(names) == 1 else ("text",) if _is_text(data) else default_names(1)
    return store(single, [column_of(data)], size, limits)


def is_row(size: int, names: Names | None, *, text: bool) -> bool:
    """Tells whether a vector of `size` scalars is one row of features rather than one feature of many rows."""
    if names is None:
        return not text
    return len(names) == size


def _is_text(data: np.ndarray) -> bool:
    return data.dtype.kind in "UST" if data.dtype.kind != "O" else is_text(data[:100].tolist())


def is_text(values: Sequence[object]) -> bool:
    """Tells whether values are texts, some perhaps missing."""
    types = set(map(type, values))
    return str in types and types <= {str, type(None)}


def _read_structured(data: np.ndarray, limits: Limits) -> Row | Batch:
    rows = data.reshape(-1)
    fields = rows.dtype.names or ()
    kept = fields[: limits.max_columns]
    columns = [column_of(rows[field]) for field in kept]
    return store(intern_names(kept), columns, rows.shape[0], limits, len(fields) - len(kept))


def _read_masked(data: np.ma.MaskedArray[Any, Any], names: Names | None, limits: Limits) -> Row | Batch:
    import numpy as np

    values, mask = np.ma.getdata(data, subok=False), np.ma.getmaskarray(data)
    if values.dtype.names is not None or values.ndim not in (1, 2):
        return read_array(values, names, limits)
    if values.ndim == 1:
        if is_row(values.shape[0], names, text=_is_text(values)):
            values, mask = values[None, :], mask[None, :]
        else:
            values, mask = values[:, None], mask[:, None]
    width = min(values.shape[1], limits.max_columns)
    columns = [masked_column(values[:, index], mask[:, index]) for index in range(width)]
    labels = names_for(width, names and names[:width])
    return store(labels, columns, values.shape[0], limits, values.shape[1] - width)


def masked_column(values: np.ndarray, mask: np.ndarray) -> Column:
    """Returns a column of numbers with a mask; of objects with None in the masked places."""
    if values.dtype.kind in "biuM" or (values.dtype.kind == "f" and values.itemsize <= 8):
        return MaskedColumn(values, mask)
    items = values.tolist()
    return ObjectColumn([None if null else value for value, null in zip(items, mask.tolist(), strict=True)])


def column_of(array: np.ndarray) -> Column:
    """Returns the column of an array of any dtype; its first axis are the rows. Numbers are not copied yet."""
    import numpy as np

    if array.ndim > 1:
        return ConstantColumn(described_array(array.shape[1:], str(array.dtype)), array.shape[0])
    kind = array.dtype.kind
    if kind in "biuMUS":
        return ArrayColumn(array) if kind not in "US" or array.itemsize <= 1_024 else ObjectColumn(array.tolist())
    if kind == "f":  # the time of a longdouble's conversion is paid here: its scalars are not Python's
        return ArrayColumn(array if array.itemsize <= 8 else array.astype(np.float64))
    if kind == "m":
        return _durations(array)
    if kind == "c":
        null = np.isnan(array)
        return ObjectColumn([None if absent else Described("<complex>") for absent in null.tolist()])
    if kind in "OT":
        return ObjectColumn(array.tolist())
    return ConstantColumn(described_array((), str(array.dtype)), array.shape[0])


def _durations(array: np.ndarray) -> Column:
    seconds = duration_seconds(array)
    if seconds is not None:
        return ArrayColumn(seconds)
    return ObjectColumn([plain(value)[0] and Described("<timedelta64>") for value in array])

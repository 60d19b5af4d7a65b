# ruff: noqa: D102 - the base class Column documents what each method does
"""scipy's sparse matrices and arrays: made dense only when narrow, else the features that occur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.arrays import read_array
from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column, count_kinds
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names, intern_names
from otel_ml.observation.rows import Row, make_row
from otel_ml.observation.store import store
from otel_ml.observation.values import NUMBER

if TYPE_CHECKING:
    import numpy as np

_DENSE_WIDTH: Final = 512
_DENSE_BYTES: Final = 16 * 1024 * 1024


class SparseColumn(Column):
    """The stored entries of one column; every other value is zero. An explicit NaN is a null."""

    __slots__ = ("_entries", "_rows")

    def __init__(self, rows: np.ndarray, entries: np.ndarray, size: int) -> None:
        self._rows = rows
        self._entries = entries
        self.size = size
        self.nbytes = rows.nbytes + entries.nbytes

    def array(self) -> np.ndarray:
        import numpy as np

        dense = np.zeros(self.size, dtype=self._entries.dtype)
        dense[self._rows] = self._entries
        return dense

    def pick(self, rows: np.ndarray) -> list[Any]:
        stored = dict(zip(self._rows.tolist(), self._entries.tolist(), strict=True))
        return [stored.get(row, 0) for row in rows.tolist()]

    def nulls(self) -> int:
        import numpy as np

        return int(np.isnan(self._entries).sum())

    def invalid(self) -> int:
        import numpy as np

        return int(np.isinf(self._entries).sum())

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(NUMBER, self.size, self.nulls())

    def take(self, rows: np.ndarray) -> Column:
        import numpy as np

        found = np.isin(self._rows, rows)
        return SparseColumn(np.searchsorted(rows, self._rows[found]), self._entries[found], len(rows))


def read_sparse(data: Any, names: Names | None, limits: Limits) -> Row | Batch:
    """Reads a sparse matrix or array of any format.

    Narrow ones (up to 512 columns) become dense. Of a wide one only the features with an entry in some row are
    read, so that memory follows the entries, not the shape.
    """
    if len(data.shape) != 2:
        data = data.reshape(1, -1) if len(data.shape) == 1 else data.reshape(data.shape[0], -1)
    size, width = data.shape
    if width <= _DENSE_WIDTH and size * width * 8 <= _DENSE_BYTES:
        return read_array(data.toarray(), names, limits)
    entries = data.tocsc()
    if entries.has_canonical_format is False:
        entries = entries.copy() if entries is data else entries
        entries.sum_duplicates()
    return _read_columns(entries, names if names is not None and len(names) == width else None, limits)


def _read_columns(matrix: Any, names: Names | None, limits: Limits) -> Row | Batch:
    import numpy as np

    size = matrix.shape[0]
    occurring = np.flatnonzero(np.diff(matrix.indptr))
    kept = occurring[: limits.max_columns]
    dropped = len(occurring) - len(kept)
    labels = (
        intern_names(tuple([names[index] if names else f"f{index}" for index in kept.tolist()])) if len(kept) else ()
    )
    if size == 1:
        return make_row(labels, [matrix.data[matrix.indptr[index]].item() for index in kept.tolist()], dropped)
    columns = []
    for index in kept.tolist():
        stored = slice(matrix.indptr[index], matrix.indptr[index + 1])
        columns.append(SparseColumn(matrix.indices[stored].copy(), matrix.data[stored].copy(), size))
    return store(labels, columns, size, limits, dropped, own=True)

# ruff: noqa: D102 - the base class Column documents what each method does
"""Columns of numbers, bools, dates and fixed-width text, and what every column can do.

A column is copied when the caller could change it and converted only when somebody asks: the caller's thread pays
for the copy; counts, plain values and numpy arrays are made later, on the thread that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.values import (
    BOOL,
    DATETIME,
    NULL,
    NUMBER,
    STRING,
    Dated,
    trim_time,
)

if TYPE_CHECKING:
    import numpy as np

_CHUNK: Final = 1_000_000  # rows looked at in one go: bounds the temporary masks


class Column:
    """What every column can do: `size` values in `nbytes` of memory."""

    __slots__ = ("nbytes", "size")
    size: int
    nbytes: int

    def array(self) -> np.ndarray:
        """Returns the values as one numpy array; a null is NaN, NaT, or None in an object array."""
        raise NotImplementedError

    def pick(self, rows: np.ndarray) -> list[Any]:
        """Returns the values at `rows` as immutable Python values, ready for `make_row`."""
        raise NotImplementedError

    def nulls(self) -> int:
        """Counts the nulls."""
        raise NotImplementedError

    def invalid(self) -> int:
        """Counts the infinite numbers."""
        return 0

    def kind_counts(self) -> dict[str, int]:
        """Counts the values of each kind."""
        raise NotImplementedError

    def copy(self) -> Column:
        """Returns a column that the caller can no longer change; itself if that holds already."""
        return self

    def take(self, rows: np.ndarray) -> Column:
        """Returns a copy of the values at `rows`."""
        raise NotImplementedError


def count_kinds(kind: str, size: int, nulls: int) -> dict[str, int]:
    """Returns the counts of a column that holds one kind beside nulls."""
    return {name: count for name, count in ((kind, size - nulls), (NULL, nulls)) if count}


class ArrayColumn(Column):
    """A 1-D array of numbers, bools, dates (datetime64) or fixed-width text."""

    __slots__ = ("_array", "_kind")
    _KINDS: Final = {"b": BOOL, "M": DATETIME, "U": STRING, "S": STRING}

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.size = array.shape[0]
        self.nbytes = array.nbytes
        self._kind = self._KINDS.get(array.dtype.kind, NUMBER)

    def array(self) -> np.ndarray:
        return self._array

    def pick(self, rows: np.ndarray) -> list[Any]:
        import numpy as np

        taken = self._array[rows]
        dtype = taken.dtype.kind
        if dtype == "M":
            absent = np.isnat(taken).tolist()
            texts = taken.astype(str).tolist()
            return [None if null else Dated(trim_time(text)) for text, null in zip(texts, absent, strict=True)]
        if dtype == "S":
            return [value.decode("utf-8", "replace") for value in taken.tolist()]
        values: list[Any] = taken.tolist()
        return values

    def nulls(self) -> int:
        import numpy as np

        missing = {"f": np.isnan, "M": np.isnat}.get(self._array.dtype.kind)
        return 0 if missing is None else self._count(missing)

    def invalid(self) -> int:
        import numpy as np

        return self._count(np.isinf) if self._array.dtype.kind == "f" else 0

    def _count(self, test: Any) -> int:
        import numpy as np

        chunks = range(0, self.size, _CHUNK)
        return sum([int(np.count_nonzero(test(self._array[start : start + _CHUNK]))) for start in chunks])

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(self._kind, self.size, self.nulls())

    def copy(self) -> Column:
        return ArrayColumn(self._array.copy())

    def take(self, rows: np.ndarray) -> Column:
        return ArrayColumn(self._array[rows])


class MaskedColumn(Column):
    """Numbers or bools with a mask that is True where there is no value."""

    __slots__ = ("_array", "_mask")

    def __init__(self, array: np.ndarray, mask: np.ndarray) -> None:
        self._array = array
        self._mask = mask
        self.size = array.shape[0]
        self.nbytes = array.nbytes + mask.nbytes

    def _missing(self) -> np.ndarray:
        import numpy as np

        return self._mask | np.isnan(self._array) if self._array.dtype.kind == "f" else self._mask

    def array(self) -> np.ndarray:
        import numpy as np

        if not self._mask.any():
            return self._array
        if self._array.dtype.kind in "iuf":  # as pandas does: an int beyond 2**53 loses its last digits
            return np.where(self._mask, np.nan, self._array)
        values = self._array.astype(object)
        values[self._mask] = None
        return values

    def pick(self, rows: np.ndarray) -> list[Any]:
        values = ArrayColumn(self._array[rows]).pick(slice(None))  # type: ignore[arg-type]  # any index does
        return [None if null else value for value, null in zip(values, self._mask[rows].tolist(), strict=True)]

    def nulls(self) -> int:
        return int(self._missing().sum())

    def invalid(self) -> int:
        import numpy as np

        return int((np.isinf(self._array) & ~self._mask).sum()) if self._array.dtype.kind == "f" else 0

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(ArrayColumn._KINDS.get(self._array.dtype.kind, NUMBER), self.size, self.nulls())

    def copy(self) -> Column:
        return MaskedColumn(self._array.copy(), self._mask.copy())

    def take(self, rows: np.ndarray) -> Column:
        return MaskedColumn(self._array[rows], self._mask[rows])

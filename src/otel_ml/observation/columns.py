# ruff: noqa: D102 - the base class Column documents what each method does
"""One column of a batch: copied when the caller could change it, converted only when somebody asks.

The caller's thread pays for the copy; counts, plain values and numpy arrays are made later, on the thread that
needs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.limits import MAX_TEXT
from otel_ml.observation.values import (
    BOOL,
    DATETIME,
    IMMUTABLE,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Dated,
    Described,
    describe,
    marked,
    plain,
    trim_time,
)

if TYPE_CHECKING:
    import numpy as np

_CHUNK: Final = 1_000_000  # rows looked at in one go: bounds the temporary masks
_OBJECT_BYTES: Final = 56  # a pointer and a small object


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

    def same(self, other: Column) -> bool:
        """Tells whether both columns hold the same values, null equal to null."""
        import numpy as np

        mine, theirs = self.array(), other.array()
        floats = mine.dtype.kind in "fM" and theirs.dtype.kind in "fM"
        return mine is theirs or bool(np.array_equal(mine, theirs, equal_nan=floats))


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


class CategoryColumn(Column):
    """Codes into a short list of plain categories; a negative code is a null."""

    __slots__ = ("_categories", "_codes")

    def __init__(self, codes: np.ndarray, categories: Sequence[object]) -> None:
        self._codes = codes
        self._categories = [marked(category) for category in categories]
        self.size = codes.shape[0]
        self.nbytes = codes.nbytes + _OBJECT_BYTES * len(self._categories)

    def array(self) -> np.ndarray:
        import numpy as np

        values = np.empty(len(self._categories) + 1, dtype=object)
        values[:-1] = [plain(category)[0] for category in self._categories]  # code -1 takes the last place, None
        array: np.ndarray = values[self._codes]
        return array

    def pick(self, rows: np.ndarray) -> list[Any]:
        values = [*self._categories, None]
        return [values[code] for code in self._codes[rows].tolist()]

    def nulls(self) -> int:
        return self.kind_counts().get(NULL, 0)

    def invalid(self) -> int:
        infinite = [code for code, value in enumerate(self._categories) if value in (float("inf"), -float("inf"))]
        return int(sum([(self._codes == code).sum() for code in infinite]))

    def kind_counts(self) -> dict[str, int]:
        import numpy as np

        present = np.bincount(self._codes.astype(np.int64) + 1, minlength=len(self._categories) + 1).tolist()
        counts = {NULL: present[0]}
        for category, count in zip(self._categories, present[1:], strict=True):
            kind = plain(category)[1]
            counts[kind] = counts.get(kind, 0) + count
        return {kind: count for kind, count in counts.items() if count}

    def copy(self) -> Column:
        return self._with(self._codes.copy())

    def take(self, rows: np.ndarray) -> Column:
        return self._with(self._codes[rows])

    def _with(self, codes: np.ndarray) -> Column:
        column = CategoryColumn(codes, ())
        column._categories = self._categories
        column.nbytes += _OBJECT_BYTES * len(self._categories)
        return column


class ObjectColumn(Column):
    """Python objects. Immutable ones are kept and made plain when asked for; others are described at once."""

    __slots__ = ("_types", "_values")

    def __init__(self, values: list[Any], types: set[type] | None = None) -> None:
        """Takes over `values`, a list of the column's own."""
        self._types = set(map(type, values)) if types is None else types
        if not self._types <= IMMUTABLE:
            values = [value if type(value) in IMMUTABLE else marked(value) for value in values]
            self._types = set(map(type, values))
        self._values = values
        self.size = len(values)
        self.nbytes = self.size * _OBJECT_BYTES
        if str in self._types:
            self.nbytes += self._shorten()

    def _shorten(self) -> int:
        """Describes long texts, so that a queue does not keep them alive; returns the characters kept."""
        texts = self._values if len(self._types) == 1 else [value for value in self._values if type(value) is str]
        if max(map(len, texts)) > MAX_TEXT:
            self._values = [
                describe(value) if type(value) is str and len(value) > MAX_TEXT else value for value in self._values
            ]
            texts = [value for value in self._values if type(value) is str]
        return sum(map(len, texts))

    def array(self) -> np.ndarray:
        import numpy as np

        array = np.empty(self.size, dtype=object)
        array[:] = self._plain()
        return array

    def _plain(self) -> list[Any]:
        if self._types <= _ALREADY_PLAIN:
            return self._values
        return [plain(value)[0] for value in self._values]

    def pick(self, rows: np.ndarray) -> list[Any]:
        values = self._values
        return [values[row] for row in rows.tolist()]

    def nulls(self) -> int:
        if self._types <= _NEVER_NULL:
            return 0
        if self._types <= _SIMPLE:
            nans = sum([value != value for value in self._values]) if float in self._types else 0
            return self._values.count(None) + nans
        return sum([plain(value)[0] is None for value in self._values])

    def invalid(self) -> int:
        if float not in self._types and self._types <= IMMUTABLE:
            return 0
        infinite = (float("inf"), -float("inf"))
        return sum([type(value) is float and value in infinite for value in self._plain()])

    def kind_counts(self) -> dict[str, int]:
        if self._types <= {str, type(None)}:
            return count_kinds(STRING, self.size, self.nulls())
        return dict(Counter([plain(value)[1] for value in self._values]))

    def copy(self) -> Column:
        return self  # the list is ours, the objects cannot change

    def take(self, rows: np.ndarray) -> Column:
        values = self._values
        return ObjectColumn([values[row] for row in rows.tolist()])


_SIMPLE: Final = frozenset({float, int, bool, str, type(None)})
_ALREADY_PLAIN: Final = frozenset({int, bool, str, type(None)})
_NEVER_NULL: Final = frozenset({int, bool, str})


class ConstantColumn(Column):
    """The same description for every row: images, tensors, columns of unknown types."""

    __slots__ = ("_text",)

    def __init__(self, text: str, size: int) -> None:
        self._text = text
        self.size = size
        self.nbytes = len(text)

    def array(self) -> np.ndarray:
        import numpy as np

        return np.full(self.size, self._text, dtype=object)

    def pick(self, rows: np.ndarray) -> list[Any]:
        return [Described(self._text)] * len(rows)

    def nulls(self) -> int:
        return 0

    def kind_counts(self) -> dict[str, int]:
        return count_kinds(OBJECT, self.size, 0)

    def take(self, rows: np.ndarray) -> Column:
        return ConstantColumn(self._text, len(rows))

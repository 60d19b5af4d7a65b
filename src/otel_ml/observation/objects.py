"""Columns of Python objects, of categories, and of what is only described."""
# ruff: noqa: D102 - the base class Column documents what each method does

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.columns import Column, count_kinds
from otel_ml.observation.describing import describe
from otel_ml.observation.limits import MAX_TEXT
from otel_ml.observation.values import IMMUTABLE, NULL, OBJECT, STRING, Described, marked, plain

if TYPE_CHECKING:
    import numpy as np

_OBJECT_BYTES: Final = 56  # a pointer and a small object
_SIMPLE: Final = frozenset({float, int, bool, str, type(None)})
_ALREADY_PLAIN: Final = frozenset({int, bool, str, type(None)})
_NEVER_NULL: Final = frozenset({int, bool, str})


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

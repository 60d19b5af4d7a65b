"""What was read: a `Row` of plain Python values, or a `Batch` of many rows kept by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import hypot, inf, isfinite
from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.limits import MAX_INT_BITS, MAX_TEXT
from otel_ml.observation.names import Names
from otel_ml.observation.values import BOOL, NULL, NUMBER, OBJECT, STRING, describe, plain

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.observation.columns import Column

FINGERPRINT_ROWS: Final = 256

_NUMBERS: Final = frozenset({float, int, bool})
_KINDS: Final = {float: NUMBER, int: NUMBER, bool: BOOL, str: STRING, type(None): NULL}


@dataclass(slots=True)
class Row:
    """One row, copied.

    Attributes:
        names: One name per value; the same tuple object for the same schema.
        values: Plain Python: None (any kind of null), bool, int, float or str.
        nulls: Indexes of the nulls, ascending.
        invalid: Indexes of the infinite numbers, ascending.
        dropped: Features beyond the column cap, which were not read.
        marks: Kinds that a value alone does not tell: a date and a description are text too.
    """

    names: Names
    values: list[Any]
    nulls: tuple[int, ...] = ()
    invalid: tuple[int, ...] = ()
    dropped: int = 0
    marks: dict[int, str] | None = None

    @property
    def size(self) -> int:
        """The number of rows: one."""
        return 1

    @property
    def nbytes(self) -> int:
        """An estimate of the memory held, names not included: they are shared."""
        return 120 + 40 * len(self.values) + sum([len(value) for value in self.values if type(value) is str])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Per feature number, bool, string, datetime, object or null."""
        kinds = [_KINDS[type(value)] for value in self.values]
        for index, kind in (self.marks or {}).items():
            kinds[index] = kind
        return tuple(kinds)


def make_row(names: Names, values: list[Any], dropped: int = 0) -> Row:
    """Builds a row of `values`, a list that is ours already: nulls found, odd values made plain in place."""
    # One pass in C: hypot is finite only if every number is, and raises for an int beyond float.
    if set(map(type, values)) <= _NUMBERS:
        try:
            if isfinite(hypot(*values)):
                return Row(names, values, (), (), dropped)
        except OverflowError:
            pass
    nulls: list[int] = []
    invalid: list[int] = []
    marks: dict[int, str] = {}
    for index, value in enumerate(values):
        kind = type(value)
        if kind is float:
            if value - value != 0.0:
                if value != value:
                    values[index] = None
                    nulls.append(index)
                else:
                    invalid.append(index)
        elif kind is str:
            if len(value) > MAX_TEXT:
                values[index] = describe(value)
        elif value is None:
            nulls.append(index)
        elif kind is not bool and (kind is not int or value.bit_length() > MAX_INT_BITS):
            _make_plain(values, index, nulls, invalid, marks)
    return Row(names, values, tuple(nulls), tuple(invalid), dropped, marks or None)


def _make_plain(values: list[Any], index: int, nulls: list[int], invalid: list[int], marks: dict[int, str]) -> None:
    value, mark = plain(values[index])
    values[index] = value
    if value is None:
        nulls.append(index)
    elif type(value) is float and value in (inf, -inf):
        invalid.append(index)
    elif type(value) is str and mark != STRING:
        marks[index] = mark


def object_row(name: str, text: str) -> Row:
    """One described value: an input that cannot or must not be read."""
    return Row((name,), [text], marks={0: OBJECT})


class Batch:
    """Many rows by column.

    A batch larger than the copy limit is not complete: it holds a uniform sample of the rows, while `size`,
    `null_counts` and `non_finite_counts` were taken from all of them.

    Attributes:
        names: One name per column.
        size: Rows of the input.
        nbytes: Memory held by the columns; objects are estimated.
        dropped: Features beyond the column cap, which were not read.
        positions: Which rows of the input are held, ascending; None when all are.
    """

    __slots__ = ("_columns", "_invalid", "_nulls", "dropped", "names", "nbytes", "positions", "size")

    def __init__(
        self,
        names: Names,
        columns: Sequence[Column],
        size: int,
        *,
        dropped: int = 0,
        positions: np.ndarray | None = None,
        nulls: np.ndarray | None = None,
        invalid: np.ndarray | None = None,
    ) -> None:
        self.names = names
        self._columns = columns
        self.size = size
        self.nbytes = sum([column.nbytes for column in columns])
        self.dropped = dropped
        self.positions = positions
        self._nulls = nulls
        self._invalid = invalid

    @property
    def complete(self) -> bool:
        """Whether every row of the input is held."""
        return self.positions is None

    @property
    def held(self) -> int:
        """How many rows `columns`, `row` and `rows` know: `size` unless the batch is a sample."""
        return self.size if self.positions is None else len(self.positions)

    @property
    def columns(self) -> Columns:
        """The columns as numpy arrays of `held` values, each made when asked for."""
        return Columns(self._columns)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Per column number, bool, string, datetime, null (nothing but nulls), or object (mixed or described)."""
        return tuple([_one_kind(counts) for counts in self.kind_counts()])

    def kind_counts(self) -> list[dict[str, int]]:
        """Per column how many held values are of which kind, nulls included."""
        return [column.kind_counts() for column in self._columns]

    def null_counts(self) -> np.ndarray:
        """Returns the nulls of each column over all rows, int64 of shape (columns,)."""
        import numpy as np

        if self._nulls is None:
            self._nulls = np.array([column.nulls() for column in self._columns], dtype=np.int64)
        return self._nulls

    def non_finite_counts(self) -> np.ndarray:
        """Returns the infinite numbers of each column over all rows, int64 of shape (columns,)."""
        import numpy as np

        if self._invalid is None:
            self._invalid = np.array([column.invalid() for column in self._columns], dtype=np.int64)
        return self._invalid

    def plain(self, index: int) -> list[Any]:
        """Returns the held values of column `index` as plain Python, None for null."""
        import numpy as np

        return [plain(value)[0] for value in self._columns[index].pick(np.arange(self.held))]

    def counted(self) -> Batch:
        """Returns a batch that holds no row, and still tells how many there were and how many values were null."""
        import numpy as np

        none = np.zeros(0, dtype=np.int64)
        nulls, invalid = self.null_counts(), self.non_finite_counts()
        return Batch(self.names, (), self.size, dropped=self.dropped, positions=none, nulls=nulls, invalid=invalid)

    def fingerprint(self) -> object:
        """Returns something that is equal for equal batches, and practically never for others.

        Numbers and dates are hashed whole, at about a gigabyte a second; of columns of objects some rows stand for all.
        """
        digest = blake2b(digest_size=16)
        objects = False
        for column in self._columns:
            array = column.array()
            if array.dtype.hasobject:
                objects = True
            else:
                digest.update(array.tobytes())
        step = max(1, self.held // FINGERPRINT_ROWS)
        rows = [row.values for row in self.rows(range(0, self.held, step))] if objects else None
        return self.names, self.size, digest.digest(), self.null_counts().tolist(), rows

    def row(self, index: int) -> Row:
        """Returns held row `index` (0 to `held` - 1) as plain values."""
        if not 0 <= index < self.held:
            raise IndexError(f"row {index} of a batch that holds {self.held}")
        return self.rows([index])[0]

    def rows(self, indexes: Iterable[int] | None = None) -> list[Row]:
        """Returns held rows as plain values, all or those of `indexes`: by column, so much faster than one by one."""
        import numpy as np

        wanted = np.arange(self.held) if indexes is None else np.fromiter(indexes, dtype=np.int64)
        columns = [column.pick(wanted) for column in self._columns]
        if not columns:
            return [Row(self.names, [], dropped=self.dropped) for _ in wanted]
        return [make_row(self.names, list(values), self.dropped) for values in zip(*columns, strict=True)]


class Columns(Sequence["np.ndarray"]):
    """The columns of a batch as numpy arrays, converted one at a time: all at once could be large."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [column.array() for column in self._columns[index]]
        return self._columns[index].array()


def _one_kind(counts: dict[str, int]) -> str:
    kinds = [kind for kind, count in counts.items() if count and kind != NULL]
    if not kinds:
        return NULL
    return kinds[0] if len(kinds) == 1 else OBJECT


def same_rows(a: Row | Batch, b: Row | Batch) -> bool:
    """Tells whether two inputs have the same names and values, null equal to null; a sample equals nothing."""
    if isinstance(a, Row) and isinstance(b, Row):
        return a.names == b.names and a.values == b.values
    if isinstance(a, Row) or isinstance(b, Row) or a.size != b.size or a.names != b.names:
        return False
    return a.complete and b.complete and all(map(_same_column, a._columns, b._columns))


def _same_column(a: Column, b: Column) -> bool:
    return a is b or a.same(b)

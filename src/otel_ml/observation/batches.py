"""Many rows that were read, kept by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.names import Names
from otel_ml.observation.rows import Row, make_row
from otel_ml.observation.values import NULL, OBJECT, plain

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.observation.columns import Column

FINGERPRINT_ROWS: Final = 256


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

"""Rows into counts: every value of every variable into its column of the count matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.block import Block
from otel_ml.drift.counts.categories import Categories
from otel_ml.drift.counts.lanes import STRETCH
from otel_ml.drift.counts.lines import SHORT, Lines, Stretch
from otel_ml.drift.counts.masked import Masked
from otel_ml.drift.counts.rows import Packer, numbers_of_packed, numbers_of_rows, object_column, run_of
from otel_ml.drift.layout import FIRST, NULL, TYPE, width
from otel_ml.drift.projections import Projector

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_MAX_WIDTH: Final = 256  # so that a column's index fits a byte
_FEW: Final = (
    3 * SHORT
)  # rows that came one by one, up to which counting all variables at once is faster than by column
_CHUNK: Final = 8 * STRETCH  # rows: what is compared stays in the second-level cache
_CELLS: Final = (
    4_000_000  # values held as numbers at a time, for projections: bounds the memory that a wide batch takes
)


class Binner:
    """Counts values by the bins of a baseline. Holds nothing of what it has seen, so threads may share one.

    Values of a kind that lies along a line are float64, as `columns.to_numbers` converts them; value ``x`` is in bin
    ``searchsorted([*edges, inf], x, side="left")``, exactly.

    Args:
        baseline: whose variables are counted.

    Raises:
        ValueError: a variable has more bins than a byte can tell apart.

    >>> from otel_ml.drift.baseline import Baseline
    >>> from otel_ml.drift.variables import Variable
    >>> binner = Binner(Baseline("", 0, (Variable("age", edges=(18.0, 65.0), counts=(1, 1, 1)),)))
    >>> counts = np.zeros(binner.shape, dtype=np.int64)
    >>> binner.count({"age": np.array([18, 70, np.nan])}, 3, counts)
    >>> counts  # null, type, range, unseen, non-finite, and three bins
    array([[1, 0, 0, 0, 0, 1, 0, 1]])
    """

    def __init__(self, baseline: Baseline) -> None:
        self._variables = baseline.variables
        self.shape = len(baseline.variables), width(baseline.variables)
        if self.shape[1] > _MAX_WIDTH:
            raise ValueError(f"a variable may have at most {_MAX_WIDTH - FIRST} bins, not {self.shape[1] - FIRST}")
        features = [v for v in self._variables if v.subject == "feature" and v.source is None]
        self._features = dict.fromkeys([variable.name for variable in features])
        self._projector = None if baseline.projections is None else Projector(baseline.projections)
        projected = self._projector.features if self._projector is not None else ()
        numeric = [variable.name for variable in features if variable.kind == "numeric"]
        self._numeric = tuple(dict.fromkeys([*numeric, *projected]))
        self._read = tuple(dict.fromkeys([*self._features, *projected]))
        self._on_line = [index for index, variable in enumerate(self._variables) if variable.ordered]
        self._lines = Lines([self._variables[index] for index in self._on_line], self.shape[1])
        self._off_line = {
            index: Masked() if variable.kind == "masked" else Categories(variable)
            for index, variable in enumerate(self._variables)
            if variable.kind in ("categorical", "boolean", "masked")
        }
        self._places = {
            self._variables[index].name: place
            for place, index in enumerate(self._on_line)
            if self._variables[index].subject == "feature" and self._variables[index].kind == "numeric"
        }
        self._chunk = max(SHORT, min(_CHUNK, _CELLS // max(1, len(projected))))

    def missing_and_extra(self, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Compares the names of features with the baseline's.

        Returns:
            Features of the baseline that are not among the names, and names that the baseline does not know.
        """
        given = dict.fromkeys(names)
        missing = tuple(name for name in self._features if name not in given)
        return missing, tuple(name for name in given if name not in self._features)

    def count(
        self,
        columns: Mapping[str, np.ndarray],
        rows: int,
        into: np.ndarray,
        outputs: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Adds the counts of some rows.

        Args:
            columns: features by name, each of shape (rows,), of any dtype; a null is None, NaN or NaT. A feature of the
                baseline that is not there counts as null in every row.
            rows: how many there are.
            into: integers of shape `shape`, added to in place.
            outputs: what the model made of the rows, by the names of variables of subject prediction, score and entropy;
                None if it is among the columns. One that is not there counts nothing, as not every call has every output.
        """
        total = np.zeros(self.shape, dtype=np.int64)
        for start in range(0, rows, self._chunk):
            stop = min(start + self._chunk, rows)
            self._count(Block(columns, outputs, start, stop, self._projector), total)
        np.add(into, total, out=into, casting="unsafe")

    def count_rows(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        into: np.ndarray,
        outputs: Mapping[str, np.ndarray] | None = None,
        packed: Sequence[bytes | None] | None = None,
    ) -> None:
        """Adds the counts of rows that came one by one. The more of them at a time, the less each costs.

        Args:
            names: of the features, one per value of a row.
            rows: each a list or tuple of plain Python values: None, bool, int, float or str.
            into: as in `count`.
            outputs: as in `count`, but never among the features.
            packed: the rows by what `packer` gives for these names.
        """
        places = {name: index for index, name in enumerate(names)}
        numeric = self._numbers_among(names)
        total = np.zeros(self.shape, dtype=np.int64)
        size = SHORT if len(rows) <= _FEW else self._chunk
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            numbers = None
            if packed is not None and numeric:
                numbers = numbers_of_packed(packed[start : start + size], len(numeric))
            if numbers is None and numeric:
                numbers = numbers_of_rows(some, [places[name] for name in numeric])
            done = set() if numbers is None else set(numeric)
            others = [name for name in self._read if name in places and name not in done]
            columns = {name: object_column(list(map(itemgetter(places[name]), some))) for name in others}
            if numbers is not None and len(some) > SHORT:
                columns.update(zip(numeric, numbers.T, strict=True))
            given = {name: column[start : start + size] for name, column in (outputs or {}).items()}
            self._count(Block(columns, given, 0, len(some), self._projector, numeric, numbers), total)
        np.add(into, total, out=into, casting="unsafe")

    def packer(self, names: Sequence[str]) -> Packer | None:
        """Returns what packs rows with these names for `count_rows`; None if they have no numbers."""
        places = {name: index for index, name in enumerate(names)}
        positions = [places[name] for name in self._numbers_among(names)]
        return Packer(positions, len(names)) if positions else None

    def bins(
        self, columns: Mapping[str, np.ndarray], rows: int, outputs: Mapping[str, np.ndarray] | None = None
    ) -> np.ndarray:
        """Finds the column of the count matrix that each value counts in, for a few rows.

        Args:
            columns: as in `count`.
            rows: how many there are.
            outputs: as in `count`.

        Returns:
            uint8 of shape (rows, variables); NULL for a value that nobody gave.
        """
        block = Block(columns, outputs, 0, rows, self._projector)
        found = np.zeros((rows, self.shape[0]), dtype=np.uint8)
        values, wrong, _ = self._matrix(block)
        placed = self._lines.bins(values)
        placed[wrong] = TYPE
        found[:, self._on_line] = placed
        for index, counter in self._off_line.items():
            column = block.column(self._variables[index])
            if column is not None:
                found[:, index] = counter.bins(column)
        return found

    def _numbers_among(self, names: Sequence[str]) -> list[str]:
        given = set(names)
        return [name for name in self._numeric if name in given]

    def _count(self, block: Block, total: np.ndarray) -> None:
        total[self._on_line] += self._count_together(block) if block.rows <= SHORT else self._count_by_column(block)
        for index, counter in self._off_line.items():
            column = block.column(self._variables[index])
            if column is not None:
                counter.count(column, total[index])
            else:
                total[index, NULL] += self._absent(index, block)

    def _count_together(self, block: Block) -> np.ndarray:
        values, wrong, rows = self._matrix(block)
        fractions = self._lines.fractions(values)
        return self._lines.layout(self._lines.all_at_most(values), wrong.sum(axis=0), rows, fractions)

    def _matrix(self, block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values of shape (rows, variables on a line), which of them are of another type, and the rows of each variable."""
        values = np.full((block.rows, len(self._on_line)), np.nan)
        wrong = np.zeros(values.shape, dtype=bool)
        rows = np.full(len(self._on_line), block.rows)
        ready = self._fill(values, block)
        for place, index in enumerate(self._on_line):
            if place in ready:
                continue
            found = block.numbers(self._variables[index])
            if found is None:
                rows[place] = self._absent(index, block)
                continue
            values[:, place] = found.values
            if found.wrong is not None:
                wrong[:, place] = found.wrong
        return values, wrong, rows

    def _fill(self, values: np.ndarray, block: Block) -> set[int]:
        """Sets the values that the block knows as a matrix already; returns whose these are."""
        if block.matrix is None:
            return set()
        known = [(self._places[name], column) for column, name in enumerate(block.names) if name in self._places]
        places, columns = [place for place, _ in known], [column for _, column in known]
        values[:, run_of(places)] = block.matrix[:, run_of(columns)]
        return set(places)

    def _count_by_column(self, block: Block) -> np.ndarray:
        stretch = Stretch(self._lines, block.rows)
        wrong, fractions = np.zeros((2, len(self._on_line)), dtype=np.int64)
        rows = np.full(len(self._on_line), block.rows)
        for place, index in enumerate(self._on_line):
            found = block.numbers(self._variables[index])
            if found is None:
                rows[place] = self._absent(index, block)
                continue
            values = found.values
            if found.wrong is not None:
                wrong[place] = np.count_nonzero(found.wrong)
            fractions[place] = self._lines.fractions(values, place)
            stretch.add(place, values)
        return self._lines.layout(stretch.at_most(), wrong, rows, fractions)

    def _absent(self, index: int, block: Block) -> int:
        """Nulls of a variable that nobody gave: not every call has every output, but every row has every feature."""
        return block.rows if self._variables[index].subject == "feature" else 0

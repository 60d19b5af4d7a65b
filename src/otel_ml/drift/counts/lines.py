"""Counts of numbers between edges, without finding the bin of each.

How many values are at most ``t`` says it all: a bin is the difference of two such counts, what is infinite or out of range is
too, and a NaN is at most nothing. Comparing a stretch of values that stays in the processor's cache with every threshold
in turn takes a quarter to an eighth of the time that a binary search of each value does, and is as exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.counts.columns import SLACK
from otel_ml.drift.counts.lanes import STRETCH, Lanes
from otel_ml.drift.layout import FIRST, NON_FINITE, NULL, RANGE, TYPE

if TYPE_CHECKING:
    from otel_ml.drift.variables import Variable

SHORT: Final = 255
"""Rows up to which all variables are counted at once, as their counts fit one byte; more are counted column by column."""

_CELLS: Final = 100_000  # compared at a time: for more bytes than 128 KB the C library asks the kernel, page by page

_LARGEST: Final = float(np.finfo(np.float64).max)
_LEAST: Final = 2 * STRETCH  # numpy copies shorter rows piece by piece where it compares them with several numbers


class Lines:
    """Variables whose bins lie along a line, as one matrix of thresholds.

    Args:
        variables: of numeric kinds.
        width: columns of the count matrix.
    """

    def __init__(self, variables: Sequence[Variable], width: int) -> None:
        edges = max((len(variable.edges) for variable in variables), default=0)
        self._edges = np.full((len(variables), edges), np.inf)
        below = np.full(len(variables), -np.inf)
        above = np.full(len(variables), np.inf)
        for index, variable in enumerate(variables):
            self._edges[index, : len(variable.edges)] = variable.edges
            low, high = _range_of(variable)
            below[index], above[index] = np.nextafter(low, -np.inf), high
        ends = np.broadcast_to([-np.inf, _LARGEST, np.inf], (len(variables), 3))
        # Columns: edges, then what the tail of `layout` names. Nothing above the second of them is finite.
        self._matrix = np.column_stack([self._edges, below, np.minimum(above, _LARGEST), ends])
        self.inner, self.ends = (part[:, :, None] for part in np.split(self._matrix, [edges + 2], axis=1))
        self._low, self._high = below, above
        self._is_whole = [variable.constraints.type == "integer" for variable in variables]
        self._whole = np.flatnonzero(self._is_whole)
        self._width = width

    def all_at_most(self, values: np.ndarray) -> np.ndarray:
        """Counts the values of all variables up to each threshold.

        Args:
            values: of shape (rows, variables), at most `SHORT` rows.

        Returns:
            int64 of shape (variables, thresholds), for `layout`.
        """
        counts = np.zeros(self._matrix.shape, dtype=np.uint8)
        some = max(1, _CELLS // max(1, self._matrix.size))
        for start in range(0, len(values), some):
            found = np.less_equal(values[start : start + some, :, None], self._matrix)
            counts += np.add.reduce(found.view(np.uint8), axis=0, dtype=np.uint8)
        return counts.astype(np.int64)

    def layout(
        self, at_most: np.ndarray, wrong: np.ndarray, rows: np.ndarray, fractions: np.ndarray | int = 0
    ) -> np.ndarray:
        """Turns counts up to each threshold into the columns of the count matrix.

        Args:
            at_most: of shape (variables, thresholds).
            wrong: values of another type, which were NaN, of shape (variables,).
            rows: of each variable, of shape (variables,).
            fractions: as `fractions` finds them, of shape (variables,).

        Returns:
            int64 of shape (variables, width).
        """
        counts = np.zeros((len(at_most), self._width), dtype=np.int64)
        upto, tail = at_most[:, : self._edges.shape[1]], at_most[:, self._edges.shape[1] :]
        below, inside, negative, finite, present = tail.T
        has_low, has_high = np.isfinite(self._low), self._high < np.inf
        counts[:, FIRST : FIRST + upto.shape[1] + 1] = np.diff(upto, axis=1, prepend=0, append=present[:, None])
        counts[:, NULL] = rows - wrong - present
        counts[:, TYPE] = wrong
        counts[:, NON_FINITE] = negative + present - finite
        counts[:, RANGE] = np.where(has_low, below, 0) + np.where(has_high, present - inside, 0) + fractions
        return counts

    def bins(self, values: np.ndarray) -> np.ndarray:
        """Finds the layout column of each value of shape (rows, variables); NaN is NULL.

        Returns:
            uint8 of the same shape.
        """
        found = np.greater(values[:, :, None], self._edges).view(np.uint8)
        columns: np.ndarray = np.add.reduce(found, axis=2, dtype=np.uint8) + np.uint8(FIRST)
        columns[np.isnan(values)] = NULL
        return columns

    def fractions(self, values: np.ndarray, index: int | None = None) -> np.ndarray | int:
        """Counts values that are not whole where an integer is due, and not out of range for another reason.

        Args:
            values: of one variable, or of shape (rows, variables) of all.
            index: of the one.

        Returns:
            By variable.
        """
        if index is not None:
            return self._fractions(values, index) if self._is_whole[index] else 0
        if not len(self._whole):
            return 0
        found = np.zeros(values.shape[1], dtype=np.int64)
        found[self._whole] = self._fractions(values[:, self._whole], self._whole)
        return found

    def _fractions(self, values: np.ndarray, index: int | np.ndarray) -> np.ndarray | int:
        whole = np.rint(values)
        if (whole == values).all():
            return 0
        with np.errstate(invalid="ignore", over="ignore"):  # of infinities
            found = np.abs(whole - values) > SLACK * np.abs(values)
        found &= (values > self._low[index]) & (values <= self._high[index])
        return np.asarray(np.count_nonzero(found, axis=0))


class Stretch:
    """Counts of the values of all variables in some rows, one variable after the other.

    The range says most: where every value is finite and allowed, nothing is left to ask of nulls and infinities.

    Args:
        lines: the variables.
        rows: how many there are; ten thousand at a time are fastest.
    """

    def __init__(self, lines: Lines, rows: int) -> None:
        self._rows = rows
        self._inner, self._ends = lines.inner, lines.ends
        variables, thresholds, _ = self._inner.shape
        self._length = max(rows, _LEAST)
        self._lanes = Lanes(variables, thresholds, self._length)
        self._padded: np.ndarray | None = None
        self._at_ends = np.zeros((variables, self._ends.shape[1]), dtype=np.int64)
        self._range = thresholds - 2  # the first of the two thresholds that are its ends
        usual = Lanes(1, 2, self._length)
        usual.truths[:] = False
        usual.truths[1, :rows] = True
        usual.add(0)
        self._usual = usual.print_of(0, 0)

    def add(self, index: int, values: np.ndarray) -> None:
        """Counts the values of one variable: float64 of shape (rows,)."""
        if self._rows < _LEAST or not values.flags.c_contiguous:
            values = self._copy(values)
        np.less_equal(values, self._inner[index], out=self._lanes.truths)
        self._lanes.add(index)
        if self._lanes.print_of(index, self._range) == self._usual:
            self._at_ends[index, 1:] = self._rows
        else:
            self._at_ends[index] = self._up_to_ends(index, values[: self._rows])

    def _copy(self, values: np.ndarray) -> np.ndarray:
        if self._padded is None:
            self._padded = np.full(self._length, np.nan)
        self._padded[: self._rows] = values
        return self._padded

    def _up_to_ends(self, index: int, values: np.ndarray) -> Sequence[int]:
        finite = int(np.count_nonzero(np.isfinite(values)))
        if finite == self._rows or finite + np.count_nonzero(np.isnan(values)) == self._rows:
            return 0, finite, finite
        return list(map(np.count_nonzero, np.less_equal(values, self._ends[index])))

    def at_most(self) -> np.ndarray:
        """Returns int64 of shape (variables, thresholds), for `Lines.layout`; zeros for a variable that was not added."""
        return np.concatenate([self._lanes.counts(), self._at_ends], axis=1)


def _range_of(variable: Variable) -> tuple[float, float]:
    """The least and the largest number that is allowed, to within what a float32 can tell apart."""
    expected = variable.constraints
    low = -np.inf if expected.minimum is None else expected.minimum - SLACK * abs(expected.minimum)
    high = np.inf if expected.maximum is None else expected.maximum + SLACK * abs(expected.maximum)
    return max(low, 0.0) if expected.non_negative else low, high

"""A window of any length in a few buckets, whose sizes follow from its width alone."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

    Whole = TypeVar("Whole", int, Ints)

BUCKETS: Final = 5
"""Of each size; when there is one more, the oldest two are merged into one of twice the size."""

SPARE: Final = BUCKETS - 1
"""Of each size that stay after a merge, once there were as many."""

MANY: Final = 1_000
"""Buckets, for which it is worth while to use another level's sums."""


def made(width: Whole, level: Whole) -> Whole:
    """Buckets of 2**level values that a window of so many values has made, those included that have been merged since.

    Each level makes one for two of the level below, but for the spare ones: n -> (n - SPARE) // 2, from the width on.
    """
    buckets = (width + SPARE >> level) - SPARE
    return buckets * (buckets > 0)


class ExponentialHistogram:
    """The window's sums in buckets of 1, 2, 4 … values (Datar, Gionis, Indyk and Motwani, 2002), newest smallest.

    Memory grows with the logarithm of the width. Each bucket is the sum of its two halves, so it has the same bits whether
    the values came one by one or all together.

    Attributes:
        width: values in the window.
        rows: buckets by size, the smallest first, each of shape (2, n): totals and totals of squares, the oldest first.
    """

    def __init__(self) -> None:
        """Begin with an empty window."""
        self.width = 0
        self.rows: list[Floats] = []

    @property
    def total(self) -> float:
        """Of the values in the window."""
        return float(self.sums()[0, -1])

    def cuts(self) -> Ints:
        """Where the window can be cut, in values since it began: 0, and the end of each bucket."""
        counts = [1, *(row.shape[1] for row in reversed(self.rows))]
        sizes = np.array([0, *(1 << level for level in reversed(range(len(self.rows))))])
        return np.repeat(sizes, counts).cumsum()

    def sums(self) -> Floats:
        """Totals and totals of squares before each of `cuts`, shape (2, n)."""
        return np.concatenate((np.zeros((2, 1)), *reversed(self.rows)), axis=1).cumsum(axis=1)


class Growth:
    """All the buckets that a window has, at one time or another, while more values come.

    Attributes:
        before: the window when none has come.
        width: that it grows to.
        merged: by size, buckets that had been merged before.
        begins: where the buckets of each size begin in the table, the smallest first.
    """

    def __init__(self, before: ExponentialHistogram, values: Floats) -> None:
        """Make the buckets.

        Args:
            before: the window so far, which stays as it is.
            values: shape (n,), at least one.
        """
        self.before, self.width = before, before.width + len(values)
        self._levels = range(((self.width + SPARE) // BUCKETS).bit_length())
        self._old = [row.shape[1] for row in before.rows] + [0] * (len(self._levels) - len(before.rows))
        self.merged = [2 * made(before.width, level + 1) for level in self._levels]
        counts = [made(self.width, level) - merged for level, merged in zip(self._levels, self.merged, strict=True)]
        ends = list(accumulate(count + SPARE for count in counts))
        self.begins = [0, *ends[:-1]]
        self._slices = [(begin, begin + count) for begin, count in zip(self.begins, counts, strict=True)]
        # all in one piece, since the allocator gives memory back, and gets it again page by page, by the largest piece it had
        self._table: Floats = np.empty((3, ends[-1]))
        for row, (start, _) in zip(before.rows, self._slices, strict=False):
            self._table[:2, start : start + row.shape[1]] = row
        new = self.values
        new[0] = values
        np.square(values, out=new[1])
        buckets = self._table[:2]
        for (below, _), (start, end), old in zip(self._slices, self._slices[1:], self._old[1:], strict=False):
            last = below + 2 * (end - start - old)
            np.add(buckets[:, below:last:2], buckets[:, below + 1 : last : 2], out=buckets[:, start + old : end])

    @property
    def values(self) -> Floats:
        """Those that come, and their squares, shape (2, n)."""
        return self._table[:2, self._slices[0][1] - (self.width - self.before.width) : self._slices[0][1]]

    def within(self, width: int) -> ExponentialHistogram:
        """The window when it is as wide as this."""
        window = ExponentialHistogram()
        window.width = width
        for level, begin, merged in zip(self._levels, self.begins, self.merged, strict=True):
            start, end = 2 * made(width, level + 1) - merged, made(width, level) - merged
            if start < end:  # a copy, since a view would keep the whole table
                window.rows.append(self._table[:2, begin + start : begin + end].copy())
        return window

    def totals(self, lowest: int) -> Floats:
        """Totals of the window up to the end of each bucket, from a size on, in the table's order; NaN between the sizes."""
        totals: Floats = self._table[0]
        table: Floats = self._table[2]
        before, merged = 0.0, table[:0]
        for level in reversed(self._levels[lowest:]):
            start, end = self._slices[level]
            old, sums = self._old[level], table[start:end]
            table[end : end + SPARE] = np.nan
            if end - start < MANY:
                totals[start:end].cumsum(out=sums)
                sums += before
            else:  # a running sum is slow, and where two are merged it is known
                last = 2 * len(merged)
                sums[1:last:2] = merged
                np.subtract(merged, totals[start + 1 : start + last : 2], out=sums[:last:2])
                np.add(totals[start + last : end].cumsum(), merged[-1], out=sums[last:])
            before, merged = sums[old - 1] if old else before, sums[old:]
        return table

"""How many truth values are true, row by row and eight values at a time.

A call of `np.count_nonzero` takes as long as to count some thousand values. Eight truth values read as one integer are added
by one addition instead, and 255 such additions can not carry from one byte to the next. What the bytes of those sums come to
is added up once, at the end, for all that was counted.
"""

from __future__ import annotations

from typing import Final

import numpy as np

_WORDS: Final = 255

STRETCH: Final = 8 * _WORDS
"""Truth values that make one sum: rows of a multiple of this length waste nothing."""


class Lanes:
    """Counts of several matrices of truth values, one after the other.

    Args:
        times: how many matrices there will be.
        rows: of each.
        length: of a row.

    Attributes:
        truths: bool of shape (rows, length), to be filled in before each `add`.

    >>> lanes = Lanes(2, 1, 3)
    >>> lanes.truths[:] = [True, False, True]
    >>> lanes.add(1)
    >>> lanes.counts().tolist()
    [[0], [2]]
    """

    def __init__(self, times: int, rows: int, length: int) -> None:
        stretches = -(-length // STRETCH)
        padded = np.empty((rows, stretches * STRETCH), dtype=bool)
        padded[:, length:] = False
        self.truths = padded[:, :length]
        self._words = padded.view(np.uint64).reshape(rows, stretches, _WORDS)
        self._sums = np.zeros((times, rows, stretches), dtype=np.uint64)

    def add(self, index: int) -> None:
        """Counts `truths` as the matrix with an index; what was counted for it before is forgotten."""
        np.add.reduce(self._words, axis=2, out=self._sums[index])

    def print_of(self, index: int, first: int) -> bytes:
        """Returns what tells apart the counts of one matrix in its rows from `first` on, without finding them."""
        return self._sums[index, first:].tobytes()

    def counts(self) -> np.ndarray:
        """Returns int64 of shape (times, rows); zeros for a matrix that was not added."""
        found: np.ndarray = np.add.reduce(self._sums.view(np.uint8), axis=2, dtype=np.int64)
        return found

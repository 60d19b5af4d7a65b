"""Which block of time a row belongs to, when neither the number of rows nor the span of time is known beforehand."""

from __future__ import annotations

from typing import Final

import numpy as np

MAX_BLOCKS: Final = 64

_FIRST_ROWS: Final = 128
_FIRST_SECONDS: Final = 60.0


class Timeline:
    """Keeps between half of `MAX_BLOCKS` and `MAX_BLOCKS` blocks: when there are more, two neighbours become one.

    A block is a number of consecutive rows, or of seconds, that doubles; where it begins does not depend on the chunks
    in which rows come.

    Args:
        timed: whether blocks are of seconds.

    Attributes:
        width: rows or seconds of a block.
    """

    def __init__(self, timed: bool) -> None:
        self.width = _FIRST_SECONDS if timed else float(_FIRST_ROWS)
        self._timed = timed
        self._keys = np.empty(0, dtype=np.int64)
        self._rows = 0

    def assign(self, rows: int, times: np.ndarray | None) -> tuple[np.ndarray, list[np.ndarray]]:
        """Takes rows.

        Args:
            rows: how many.
            times: seconds since 1970 of each, NaN where unknown; None where rows are in order of time.

        Returns:
            The block of each row, negative for none; and what blocks that were counted so far have to be regrouped by
            first, one after another.
        """
        if times is None:
            keys = (self._rows + np.arange(rows)) // int(self.width)
            known = None
        else:
            known = np.isfinite(times)
            keys = np.floor(np.where(known, times, 0.0) / self.width).astype(np.int64)
        self._rows += rows
        present = np.unique(keys if known is None else keys[known])
        regroupings = []
        while len(joint := np.union1d(self._keys, present)) > MAX_BLOCKS:
            self.width *= 2
            keys, present = keys // 2, np.unique(present // 2)
            halved = np.unique(self._keys // 2)
            regroupings.append(np.searchsorted(halved, self._keys // 2))
            self._keys = halved
        if len(joint) > len(self._keys):
            regroupings.append(np.searchsorted(joint, self._keys))
            self._keys = joint
        slots = np.searchsorted(self._keys, keys)
        return (slots if known is None else np.where(known, slots, -1)), regroupings

    @property
    def blocks(self) -> int:
        """How many there are now."""
        return len(self._keys)

    def follows(self) -> np.ndarray:
        """Whether each block comes right after the one before it: bool of shape (blocks,)."""
        return np.append(False, np.diff(self._keys) == 1)[: self.blocks]

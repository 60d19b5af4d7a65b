"""Which block of time a row belongs to, when neither the number of rows nor the span of time is known beforehand."""

from __future__ import annotations

from typing import Final

import numpy as np

from otel_ml.drift.fitting.distinct import mixed

MAX_BLOCKS: Final = 128

ROWS: Final = 1_024
"""Rows of a block, where there are enough: about what a monitor sees in a step, and more than chance moves."""

_GROWING: Final = 64
_FIRST_ROWS: Final = 128
_FIRST_SECONDS: Final = 60.0
_SECONDS: Final = 3_600.0
_LEAST_ROWS: Final = 256
_FAR: Final = 2.0**62  # what is no time, but a number all the same


class Timeline:
    """Keeps some blocks of consecutive rows, or of seconds, from all over the data.

    More than 64 blocks become half as many of twice the width, until they have `ROWS` rows; or, by time, about an hour and
    256 rows on average. Then blocks stay as they are, and of more than `MAX_BLOCKS` those are kept whose number, two
    neighbours sharing one, has the smallest hashes. They stay that short, since what goes up and down within a day would
    not show between days. Where a block begins does not depend on the chunks in which rows come.

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
        self._limit: np.uint64 | None = None

    def assign(self, rows: int, times: np.ndarray | None) -> tuple[np.ndarray, list[np.ndarray]]:
        """Takes rows.

        Args:
            rows: how many.
            times: seconds since 1970 of each, NaN where unknown; None where rows are in order of time.

        Returns:
            The block of each row, negative for none; and what blocks that were counted so far have to be regrouped by
            first, one after another: the new place of each, negative for one to forget.
        """
        if times is None:
            known = np.ones(rows, dtype=bool)
            keys = (self._rows + np.arange(rows)) // int(self.width)
        else:
            known = np.isfinite(times)
            keys = np.floor(np.clip(np.where(known, times, 0.0) / self.width, -_FAR, _FAR)).astype(np.int64)
        self._rows += rows
        regroupings = []
        joint = self._joint(keys[known])
        while len(joint) > _GROWING and self._limit is None and self._short(len(joint)):
            self.width *= 2
            keys = keys // 2
            halved = np.unique(self._keys // 2)
            regroupings.append(np.searchsorted(halved, self._keys // 2))
            self._keys = halved
            joint = self._joint(keys[known])
        if len(joint) > MAX_BLOCKS:
            self._limit = np.sort(_lots(joint))[MAX_BLOCKS]
            joint = self._joint(keys[known])
        if len(joint):
            regroupings.append(_places(joint, self._keys))
        self._keys = joint
        return np.where(known, _places(joint, keys), -1), regroupings

    def _short(self, blocks: int) -> bool:
        if not self._timed:
            return self.width < ROWS
        return self.width < _SECONDS or self._rows < _LEAST_ROWS * blocks

    def _joint(self, keys: np.ndarray) -> np.ndarray:
        """All blocks that are kept when these come."""
        found = np.union1d(self._keys, keys)
        return found if self._limit is None else found[_lots(found) < self._limit]

    @property
    def blocks(self) -> int:
        """How many there are now."""
        return len(self._keys)

    def follows(self) -> np.ndarray:
        """Whether each block comes right after the one before it: bool of shape (blocks,)."""
        return np.append(False, np.diff(self._keys) == 1)[: self.blocks]


def _lots(keys: np.ndarray) -> np.ndarray:
    """A number for each block that decides which ones stay; neighbours share it, as they are compared."""
    return mixed((keys // 2).astype(np.uint64))


def _places(kept: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Where each key is among those kept, -1 for one that is not."""
    if not len(kept):
        return np.full(len(keys), -1)
    places = np.minimum(np.searchsorted(kept, keys), len(kept) - 1)
    return np.where(kept[places] == keys, places, -1)

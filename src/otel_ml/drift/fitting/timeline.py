"""Which block of time a row belongs to, when neither the number of rows nor the span of time is known beforehand."""

from __future__ import annotations

import math
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
_LEAST_ROWS: Final = 64
"""In a block of time on average. With more, blocks of thin data are so wide that day and night are but neighbours unlike."""
_FAR: Final = 2.0**62  # what is no time, but a number all the same


class Timeline:
    """Keeps some blocks of consecutive rows, or of seconds, from all over the data.

    More than 64 blocks become half as many of twice the width, until they have `ROWS` rows; or, by time, about an hour and
    64 rows on average. Then blocks stay as they are, and of more than `MAX_BLOCKS` those are kept that draw the smallest
    lots: hashes of their numbers, two neighbours sharing one. They stay that short, since what goes up and down within a day
    would not show between days. Where a block begins does not depend on the chunks in which rows come.

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
        self._lots = np.empty(0)
        self._limit = 1.0

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
        mine = self._keys
        regroupings = []
        while self._narrow(len(np.union1d(mine, keys[known]))):
            self.width *= 2
            keys = keys // 2
            halved = np.unique(mine // 2)
            regroupings.append(np.searchsorted(halved, mine // 2))
            mine = halved
        if regroupings:
            self._lots = _lots(mine)
        found = np.unique(keys[known])
        self._keep([mine, found], [self._lots, _lots(found)])
        if len(mine):
            regroupings.append(_places(self._keys, mine))
        return np.where(known, _places(self._keys, keys), -1), regroupings

    def merge(self, other: Timeline) -> tuple[np.ndarray, np.ndarray]:
        """Takes in the blocks of another one: those of the same time become one, and rows without times come after these.

        Returns:
            The new place of each block that there was, and of each of the other one's; negative for one to forget.
        """
        width, start = max(self.width, other.width), 0
        mine, theirs = self._keys // int(width // self.width), other._keys // int(width // other.width)
        if not self._timed:
            start = 2 * math.ceil(self._rows / width / 2)  # blocks that are neighbours stay so
            theirs = theirs + start
        # Whoever has a new number draws again, among those that their own limit had left.
        lots = self._lots if width == self.width else _lots(mine) * self._limit
        more = other._lots if width == other.width and not start else _lots(theirs) * other._limit
        self._rows = (self._rows if self._timed else int(start * width)) + other._rows
        self.width, self._limit = width, min(self._limit, other._limit)
        while self._narrow(len(np.union1d(mine, theirs))):
            self.width *= 2
            mine, theirs = mine // 2, theirs // 2
            lots, more = _lots(mine), _lots(theirs)
        self._keep([mine, theirs], [lots, more])
        return _places(self._keys, mine), _places(self._keys, theirs)

    def _narrow(self, blocks: int) -> bool:
        """Whether blocks, if there are so many, are to be wider."""
        if blocks <= _GROWING or self._limit < 1:
            return False
        if not self._timed:
            return self.width < ROWS
        return self.width < _SECONDS or self._rows < _LEAST_ROWS * blocks

    def _keep(self, keys: list[np.ndarray], lots: list[np.ndarray]) -> None:
        """Keeps those of these blocks that drew a lot below the limit, and makes it lower where they are too many."""
        joint, places = np.unique(np.concatenate(keys), return_inverse=True)
        lowest = np.ones(len(joint))
        np.minimum.at(lowest, places, np.concatenate(lots))
        if np.count_nonzero(lowest < self._limit) > MAX_BLOCKS:
            self._limit = float(np.sort(lowest)[MAX_BLOCKS])
        kept = lowest < self._limit
        self._keys, self._lots = joint[kept], lowest[kept]

    @property
    def blocks(self) -> int:
        """How many there are now."""
        return len(self._keys)

    def follows(self) -> np.ndarray:
        """Whether each block comes right after the one before it: bool of shape (blocks,)."""
        return np.append(False, np.diff(self._keys) == 1)[: self.blocks]


def _lots(keys: np.ndarray) -> np.ndarray:
    """A number from 0 to 1 for each block that decides which ones stay; neighbours share it, as they are compared."""
    return np.asarray((mixed((keys // 2).astype(np.uint64)) >> np.uint64(11)) * 2.0**-53)


def _places(kept: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Where each key is among those kept, -1 for one that is not."""
    if not len(kept):
        return np.full(len(keys), -1)
    places = np.minimum(np.searchsorted(kept, keys), len(kept) - 1)
    return np.where(kept[places] == keys, places, -1)

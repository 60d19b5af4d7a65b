"""How many metric series baselines may bring: the SDK pays for each with every collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pool:
    """Series that are left, over all models of the process.

    Attributes:
        features: that may have series of their own.
        bins: series of bins that these may have together.
    """

    features: int
    bins: int


class Budget:
    """What one model takes of them.

    Args:
        pool: that it takes them from.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._taken = Pool(0, 0)

    def take_feature(self) -> bool:
        """One feature more, if there is one."""
        if self._pool.features <= 0:
            return False
        self._pool.features -= 1
        self._taken.features += 1
        return True

    def take_bins(self, count: int) -> bool:
        """So many bins more, if there are as many."""
        if count > self._pool.bins:
            return False
        self._pool.bins -= count
        self._taken.bins += count
        return True

    def give_back(self) -> None:
        """All of it, when the model has no series any more."""
        self._pool.features += self._taken.features
        self._pool.bins += self._taken.bins
        self._taken = Pool(0, 0)

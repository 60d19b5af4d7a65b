"""How many metric series baselines may bring: the SDK pays for each with every collection."""

from __future__ import annotations


class Budget:
    """Series that are left, over all models of the process.

    Args:
        features: that may have series of their own.
        bins: series of bins that these may have together.
    """

    def __init__(self, features: int, bins: int) -> None:
        self._features = features
        self._bins = bins

    def take_feature(self) -> bool:
        """One feature more, if there is one."""
        self._features -= 1
        return self._features >= 0

    def take_bins(self, count: int) -> bool:
        """So many bins more, if there are as many."""
        if count > self._bins:
            return False
        self._bins -= count
        return True

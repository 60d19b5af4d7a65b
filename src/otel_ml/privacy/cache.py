"""A bounded cache without a lock."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TwoGenerationCache(Generic[K, V]):
    """Keeps what was used of late, within a total cost.

    When the young generation is full it becomes the old one, and what was old is forgotten; a hit in the old one makes
    the entry young again. That is nearly least-recently-used, and needs no lock, which a fork could leave held.

    Args:
        budget: Cost that each of the two generations may have.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._spent = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        """The value, if it is still there."""
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.pop(key, None)
            if entry is None:
                return None
            self.put(key, *entry)
        return entry[0]

    def put(self, key: K, value: V, cost: int) -> None:
        """Keeps a value, unless it alone costs more than the budget."""
        if cost > self._budget:
            return
        if self._spent + cost > self._budget:
            self._old, self._young, self._spent = self._young, {}, 0
        self._young[key] = (value, cost)
        self._spent += cost

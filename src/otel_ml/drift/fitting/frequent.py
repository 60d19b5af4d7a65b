"""Which categories there were, the frequent ones with their counts, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from otel_ml.drift.counts.labels import slots
from otel_ml.drift.fitting.distinct import Distinct

KEPT: Final = 4_096
"""Categories that stay when there are too many."""

SLOTS: Final = 32
"""Groups of categories of which the total counts are kept, however many categories there are."""


class Frequent:
    """Categories of one column.

    All are kept, with exact counts, up to twice `KEPT` of them. Whenever there are more, the count of the one after the
    `KEPT` most frequent is taken from all, and what is at 0 is forgotten: a count is never too high, and too low by at
    most `error`, which is at most n / `KEPT` after n values (.024%). Merging keeps that bound. Source: Misra, Gries,
    Finding repeated elements, 1982; Agarwal et al., Mergeable summaries, PODS 2012.

    Attributes:
        total: values seen.
        error: the most that a count can be too low.
        by_slot: values by the `slots` of their categories, exact: int64 of shape (SLOTS,).

    >>> frequent = Frequent()
    >>> frequent.add({"Oslo": 3, "Rome": 4})
    >>> frequent.most(1), frequent.distinct, frequent.error
    ([('Rome', 4)], 2, 0)
    """

    def __init__(self) -> None:
        self.total = self.error = 0
        self.by_slot = np.zeros(SLOTS, dtype=np.int64)
        self._counts: dict[str, int] = {}
        self._distinct: Distinct | None = None

    def add(self, counts: Mapping[str, int]) -> None:
        """Adds categories with how often each is there."""
        self.by_slot += by_slot(counts)
        self._add(counts)

    def _add(self, counts: Mapping[str, int]) -> None:
        self.total += sum(counts.values())
        if self._distinct is not None:
            self._distinct.add_texts(list(counts))
        mine = self._counts
        for category, count in counts.items():
            mine[category] = mine.get(category, 0) + count
        if len(mine) > 2 * KEPT:
            self._prune()

    def merge(self, other: Frequent) -> None:
        """Adds what the other has seen."""
        self.error += other.error
        missing = other.total - sum(other._counts.values())
        if other._distinct is not None:
            if self._distinct is None:
                self._count_all()
            assert self._distinct is not None
            self._distinct.merge(other._distinct)
        self.by_slot += other.by_slot
        self._add(other._counts)
        self.total += missing

    @property
    def exact(self) -> bool:
        """Whether every category was kept with its count."""
        return self._distinct is None

    @property
    def distinct(self) -> int:
        """About how many different categories there were."""
        return len(self._counts) if self._distinct is None else self._distinct.estimate

    def most(self, limit: int | None = None) -> list[tuple[str, int]]:
        """Categories with their counts, the most frequent first and by text where as frequent."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def _prune(self) -> None:
        if self._distinct is None:
            self._count_all()
        counts = np.fromiter(self._counts.values(), dtype=np.int64, count=len(self._counts))
        taken = int(np.partition(counts, -KEPT - 1)[-KEPT - 1])
        self.error += taken
        self._counts = {category: count - taken for category, count in self._counts.items() if count > taken}

    def _count_all(self) -> None:
        self._distinct = Distinct()
        self._distinct.add_texts(list(self._counts))


def by_slot(counts: Mapping[str, int]) -> np.ndarray:
    """Sums of counts by the slots of their categories, int64 of shape (SLOTS,)."""
    weights = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
    return np.bincount(slots(list(counts), SLOTS), weights, SLOTS).astype(np.int64)

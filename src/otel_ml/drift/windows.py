"""The last sub-windows of a stream as count matrices: everything that is compared later is a sum of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

_SMALL: Final = np.iinfo(np.uint32).max


class Ring:
    """Counts of a fixed number of successive steps, by ordinal; a newer step takes the place of the oldest one.

    Counts are kept as uint32, half the memory of what they are summed in, and as uint64 from the first one on that needs it.

    Args:
        steps: how many are kept.
        shape: of the count matrix of a step.

    >>> ring = Ring(steps=3, shape=(1, 2))
    >>> for step in range(5):
    ...     _ = ring.add(step, np.array([[step, 1]]))
    >>> ring.sum(3, 4)
    array([[7, 2]])
    """

    def __init__(self, steps: int, shape: tuple[int, int]) -> None:
        self.steps = steps
        self.newest: int | None = None
        self._counts = np.zeros((steps, *shape), dtype=np.uint32)
        self._largest = [0] * steps

    @property
    def shape(self) -> tuple[int, int]:
        """Of the count matrix of a step."""
        return self._counts.shape[1], self._counts.shape[2]

    @property
    def nbytes(self) -> int:
        """Memory of the counts in bytes."""
        return self._counts.nbytes

    def add(self, step: int, counts: np.ndarray) -> bool:
        """Adds counts, at least 0, to those of a step; returns False where the step is older than all that are kept."""
        self.move(step)
        assert self.newest is not None
        if step <= self.newest - self.steps:
            return False
        slot = step % self.steps
        largest = self._largest[slot] + int(counts.max(initial=0))
        if largest > _SMALL and self._counts.dtype == np.uint32:
            self._counts = self._counts.astype(np.uint64)
        self._counts[slot] += counts.astype(self._counts.dtype)
        self._largest[slot] = largest
        return True

    def move(self, step: int) -> None:
        """Makes a step the newest one, empty like those skipped; does nothing if it is not newer. However far is as cheap."""
        if self.newest is not None:
            for skipped in range(max(self.newest, step - self.steps) + 1, step + 1):
                self._counts[skipped % self.steps] = 0
                self._largest[skipped % self.steps] = 0
        self.newest = step if self.newest is None else max(self.newest, step)

    def sum(self, first: int, last: int, beside: int = 0) -> np.ndarray:
        """Adds up the steps from first to last, inclusive; one that is not kept is empty.

        Args:
            first: step.
            last: step.
            beside: leaves out steps of which the one so many after is empty.

        Returns:
            int64 of the shape of a step.
        """
        total = np.zeros(self.shape, dtype=np.int64)
        if self.newest is None:
            return total
        first, last = max(first, self.newest - self.steps + 1), min(last, self.newest)
        if first > last:
            return total
        if beside and not all(map(self._has, range(first + beside, last + beside + 1))):
            for step in range(first, last + 1):
                total += self.sum(step, step) if self._has(step + beside) else 0
            return total
        low, high = first % self.steps, last % self.steps
        for part in (slice(low, high + 1),) if low <= high else (slice(low, None), slice(None, high + 1)):
            # Four times as fast in the type that they are kept in, as long as that can not overflow.
            wide = self._counts.dtype if sum(self._largest[part]) <= _SMALL else np.uint64
            total += np.add.reduce(self._counts[part], axis=0, dtype=wide).astype(np.int64)
        return total

    def _has(self, step: int) -> bool:
        """Whether there is anything in a step."""
        assert self.newest is not None
        return self.newest - self.steps < step <= self.newest and self._largest[step % self.steps] > 0

    def clear(self) -> None:
        """Forgets everything."""
        self._counts[...] = 0
        self._largest = [0] * self.steps
        self.newest = None

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {"newest": self.newest, "counts": self._counts.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another ring of the same size was.

        Raises:
            ValueError: the state is of another size.
        """
        counts = np.asarray(state["counts"])
        if counts.shape != self._counts.shape or counts.dtype.kind != "u":
            raise ValueError(
                f"a ring of shape {self._counts.shape} can not hold {counts.dtype} of shape {counts.shape}"
            )
        self._counts = counts.copy()
        self._largest = [int(one.max(initial=0)) for one in counts]
        self.newest = None if state["newest"] is None else int(state["newest"])


def look_backs(ring: Ring, limit: int, present: int, beside: int = 0) -> dict[int, np.ndarray]:
    """Sums the last 1, 2, 4 … steps.

    Args:
        ring: the steps.
        limit: the longest look-back wanted.
        present: steps that there were; a look-back that is longer is left out.
        beside: as for `Ring.sum`, once there is a step beside each.

    Returns:
        By number of steps: int64 of the shape of a step.
    """
    sums: dict[int, np.ndarray] = {}
    if ring.newest is None:
        return sums
    length, total = 1, np.zeros(ring.shape, dtype=np.int64)
    while length <= min(limit, present):
        own = beside if length <= present + beside else 0
        total = total + ring.sum(ring.newest - length + 1, ring.newest - length // 2, own)  # what the shorter one lacks
        sums[length] = total
        length *= 2
    return sums

"""A few rows of each step: their ids and bins, for examples of what an alarm tells, and to see what moves together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

CELLS: Final = 65_536
"""Bins kept of a step, one byte each."""

FEW: Final = 16
"""Rows kept of a step that is far behind the newest one."""

OPEN: Final = 2
"""Steps that are not complete, as a rule."""

_step: Final = attrgetter("step")
_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_ODD: Final = 0xD1342543DE82EF95


class Reservoir:
    """Rows of one step, each of them as likely as any other: those whose numbers have the smallest hashes.

    The choice depends on nothing but the step and the order of rows: a restart, or other batches, change nothing.
    """

    def __init__(self, step: int, size: int, variables: int) -> None:
        self.step = step
        self.seen = 0
        self.ids: list[str] = []
        self.bins = np.zeros((0, variables), dtype=np.uint8)
        self._size = size
        self._hashes = np.zeros(0, dtype=np.uint64)

    def offer(self, count: int, id_of: Callable[[int], str], bins: Callable[[np.ndarray], np.ndarray]) -> None:
        """Shows rows.

        Args:
            count: how many.
            id_of: finds the id of a row; empty if it has none.
            bins: finds the layout columns of rows, uint8 of shape (rows, variables).
        """
        hashes = _hashes(self.step, self.seen, count)
        self.seen += count
        held = len(self.ids)
        taken = np.arange(count) if held < self._size else np.flatnonzero(hashes < self._hashes[-1])
        if not len(taken):
            return
        every = np.concatenate([self._hashes, hashes[taken]])
        order = np.argsort(every, kind="stable")[: self._size]
        new = taken[order[order >= held] - held]
        self._hashes = every[order]
        found = iter(map(id_of, new.tolist()))
        self.ids = [self.ids[index] if index < held else next(found) for index in order.tolist()]
        kept, self.bins = self.bins, np.empty((len(order), self.bins.shape[1]), dtype=np.uint8)
        self.bins[order < held] = kept[order[order < held]]
        if len(new):
            self.bins[order >= held] = bins(new)

    def shrink(self, size: int) -> None:
        """Keeps no more rows than that, as if it had been so from the start."""
        self._size = min(self._size, size)
        self.ids, self.bins, self._hashes = self.ids[:size], self.bins[:size].copy(), self._hashes[:size].copy()

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        own = {"step": self.step, "seen": self.seen, "ids": list(self.ids)}
        return {**own, "hashes": self._hashes.copy(), "bins": self.bins.copy()}

    @classmethod
    def restore(cls, state: Mapping[str, Any], size: int, variables: int) -> Reservoir:
        """Continues where another one was."""
        found = cls(state["step"], size, variables)
        found.seen, found.ids = state["seen"], list(state["ids"])
        found._hashes, found.bins = np.array(state["hashes"]), np.array(state["bins"])
        return found


def _hashes(step: int, first: int, count: int) -> np.ndarray:
    """Of rows by number, uint64 (Steele and others, 2014: splitmix64)."""
    state: np.ndarray = np.arange(first, first + count, dtype=np.uint64) + np.uint64(step * _ODD & _MASK)
    state *= np.uint64(_GOLDEN)
    state = (state ^ state >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ state >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


class Sample(NamedTuple):
    """Rows of some steps, the newest step first.

    Attributes:
        ids: of the predictions, empty where there was none.
        bins: layout columns, uint8 of shape (rows, variables).
    """

    ids: list[str]
    bins: np.ndarray


class Samples:
    """Rows of the last steps: of those that are not complete, however many they are, and of those that were completed last.

    Args:
        variables: how many a row has.
        steps: how many complete ones are kept. Steps further behind the newest than that have fewer rows each, so that
            many that are not complete take no more memory than their counts.
    """

    def __init__(self, variables: int, steps: int) -> None:
        self.size = int(np.clip(CELLS // max(variables, 1), 16, 64))
        self._variables = variables
        self._keep = steps
        self._complete: int | None = None
        self._steps: list[Reservoir] = []  # in order

    def of(self, step: int) -> Reservoir:
        """Returns the rows of a step, to which further ones may be offered."""
        place = bisect_left(self._steps, step, key=_step)
        if place < len(self._steps) and self._steps[place].step == step:
            return self._steps[place]
        held = Reservoir(step, self.size, self._variables)
        self._steps.insert(place, held)
        if (far := len(self._steps) - self._keep - OPEN) > 0:
            self._steps[min(place, far - 1)].shrink(FEW)
        if self._complete is not None:
            del self._steps[: max(bisect_right(self._steps, self._complete, key=_step) - self._keep, 0)]
        return held

    def last(self) -> Sample:
        """Returns rows of the newest steps."""
        return self._together(self._steps[-self._keep :])

    def between(self, first: int, last: int) -> Sample:
        """Returns the rows that are kept of steps from a first to a last one."""
        low, high = bisect_left(self._steps, first, key=_step), bisect_right(self._steps, last, key=_step)
        return self._together(self._steps[max(low, high - self._keep) : high])

    def complete(self, step: int) -> None:
        """Takes note that no rows of this step come any more, nor of those before it."""
        self._complete = step

    def clear(self) -> None:
        """Forgets all rows."""
        self._steps.clear()
        self._complete = None

    def _together(self, steps: Sequence[Reservoir]) -> Sample:
        empty = np.zeros((0, self._variables), dtype=np.uint8)
        bins = [one.bins for one in reversed(steps)]
        return Sample([id_ for one in reversed(steps) for id_ in one.ids], np.concatenate([empty, *bins]))

    def state(self) -> list[dict[str, Any]]:
        """What `restore` continues from."""
        return [held.state() for held in self._steps]

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Continues where others of the same size were."""
        self._steps = [Reservoir.restore(held, self.size, self._variables) for held in state]
        self._steps.sort(key=_step)
        for held in self._steps[: -self._keep - OPEN]:
            held.shrink(FEW)

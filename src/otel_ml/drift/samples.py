"""A few rows of each step: their ids and bins, for examples of what an alarm tells, and to see what moves together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import exp, floor, log, log1p
from typing import Any, Final, NamedTuple

import numpy as np

CELLS: Final = 65_536
"""Bins kept of a step, one byte each."""

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_ODD: Final = 0xD1342543DE82EF95


class Reservoir:
    """Rows of one step, each of them as likely as any other (Li, 1994, algorithm L: most rows cost nothing).

    The choice depends on nothing but the step and the order of rows: a restart or another machine chooses the same.
    """

    def __init__(self, step: int, size: int, variables: int) -> None:
        self.step = step
        self.seen = 0
        self.ids: list[str] = []
        self.bins = np.zeros((size, variables), dtype=np.uint8)
        self._due = 0
        self._draws = 0
        self._weight = 1.0

    def offer(self, count: int, id_of: Callable[[int], str], bins: Callable[[np.ndarray], np.ndarray]) -> None:
        """Shows rows.

        Args:
            count: how many.
            id_of: finds the id of a row; empty if it has none.
            bins: finds the layout columns of rows, uint8 of shape (rows, variables).
        """
        size = len(self.bins)
        taken: dict[int, int] = {}  # by slot: a later row may take the place of one before it
        while self._due < self.seen + count:
            slot = self._due if self._due < size else floor(self._random() * size)
            taken[slot] = self._due - self.seen
            self._due += 1 if self._due < size - 1 else self._skip(size)
        self.seen += count
        if not taken:
            return
        slots = list(taken)
        self.bins[slots] = bins(np.array(list(taken.values())))
        self.ids.extend([""] * (max(slots) + 1 - len(self.ids)))
        for slot, row in taken.items():
            self.ids[slot] = id_of(row)

    def _skip(self, size: int) -> int:
        self._weight *= exp(log(self._random()) / size)
        return floor(log(self._random()) / log1p(-self._weight)) + 1 if self._weight < 1.0 else 1

    def _random(self) -> float:
        """Above 0, at most 1, and the same for the same step and draw (Steele and others, 2014: splitmix64)."""
        self._draws += 1
        state = (self.step * _ODD + self._draws) * _GOLDEN & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        return ((state ^ state >> 31) + 1) / (_MASK + 1)

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        own = {"step": self.step, "seen": self.seen, "due": self._due, "draws": self._draws, "weight": self._weight}
        return {**own, "ids": list(self.ids), "bins": self.bins[: len(self.ids)].copy()}

    @classmethod
    def restore(cls, state: Mapping[str, Any], size: int, variables: int) -> Reservoir:
        """Continues where another one was."""
        found = cls(state["step"], size, variables)
        found.seen, found._due = state["seen"], state["due"]
        found._draws, found._weight = state["draws"], state["weight"]
        found.ids = list(state["ids"])
        found.bins[: len(found.ids)] = state["bins"]
        return found


class Sample(NamedTuple):
    """Rows of some steps, the newest step first.

    Attributes:
        ids: of the predictions, empty where there was none.
        bins: layout columns, uint8 of shape (rows, variables).
    """

    ids: list[str]
    bins: np.ndarray


class Samples:
    """Rows of the last steps.

    Args:
        variables: how many a row has.
        steps: how many are kept.
    """

    def __init__(self, variables: int, steps: int) -> None:
        self.size = int(np.clip(CELLS // max(variables, 1), 16, 128))
        self._variables = variables
        self._steps: deque[Reservoir] = deque(maxlen=steps)

    def of(self, step: int) -> Reservoir:
        """Returns the rows of a step, to which further ones may be offered."""
        for held in reversed(self._steps):
            if held.step == step:
                return held
        held = Reservoir(step, self.size, self._variables)
        self._steps.append(held)
        return held

    def last(self, first: int | None = None) -> Sample:
        """Returns the rows of all steps that are kept, or from a first step on."""
        held = sorted((one for one in self._steps if first is None or one.step >= first), key=lambda one: -one.step)
        bins = [one.bins[: len(one.ids)] for one in held]
        empty = np.zeros((0, self._variables), dtype=np.uint8)
        return Sample([id_ for one in held for id_ in one.ids], np.concatenate([empty, *bins]))

    def state(self) -> list[dict[str, Any]]:
        """What `restore` continues from."""
        return [held.state() for held in self._steps]

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Continues where others of the same size were."""
        self._steps.extend(Reservoir.restore(held, self.size, self._variables) for held in state)

"""Rows that wait for a moment to be counted together: numpy is fast by the hundred, and slow by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from otel_ml.monitoring.outputs import MISSING

if TYPE_CHECKING:
    from otel_ml.monitoring.matching import Match
    from otel_ml.monitoring.origin import Origin
    from otel_ml.monitoring.outputs import Answer

MAX_ROWS: Final = 512
MAX_BYTES: Final = 4 * 1024 * 1024


class Group:
    """Rows with the same names, of one step, that have the same outputs."""

    __slots__ = ("answers", "match", "origins", "step", "values")

    def __init__(self, match: Match, step: int) -> None:
        self.match = match
        self.step = step
        self.values: list[Sequence[Any]] = []
        self.answers: list[Answer] = []
        self.origins: list[Origin] = []


class Waiting:
    """All such groups of one model."""

    __slots__ = ("_groups", "nbytes", "rows")

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], Group] = {}
        self.rows = 0
        self.nbytes = 0

    def add(self, match: Match, step: int, values: Sequence[Any], answer: Answer, origin: Origin, nbytes: int) -> bool:
        """Take one row. Its values are kept, not copied.

        Returns:
            Whether it is time to count them all.
        """
        prediction, score, entropy = answer
        key = (id(match), step, prediction is MISSING, score is MISSING, entropy is MISSING)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(match, step)
        group.values.append(values)
        group.answers.append(answer)
        group.origins.append(origin)
        self.rows += 1
        self.nbytes += nbytes
        return self.rows >= MAX_ROWS or self.nbytes >= MAX_BYTES

    def take(self) -> list[Group]:
        """All groups; none is left."""
        found = list(self._groups.values())
        self._groups, self.rows, self.nbytes = {}, 0, 0
        return found

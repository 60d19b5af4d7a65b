"""Rows that wait for a moment to be counted together: numpy is fast by the hundred, and slow by one.

What waits is what the call holds anyway. Outputs, ids and traces become values, texts and examples when all of it is counted,
and only for the rows that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from otel_ml.drift.counts.lines import SHORT
from otel_ml.monitoring.origin import Origin

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

    from otel_ml.drift.counts.rows import Packer
    from otel_ml.monitoring.matching import Match
    from otel_ml.monitoring.outputs import Said
    from otel_ml.observation import Row

MAX_ROWS: Final = 2 * SHORT
"""Counted in two parts, with no few left over."""

MAX_BYTES: Final = 4 * 1024 * 1024

Waiter = tuple[Sequence[Any], bytes | None, "Said", str, int | None, "SpanContext"]
"""Values, the numbers among them, what the model said, the prediction's id, the row's position in it or None, and its span.

A plain tuple, as a named one takes several times as long to make.
"""


def origin_of(row: Waiter) -> Origin:
    """Where a row comes from."""
    *_, prediction_id, position, span = row
    return Origin.of(prediction_id if position is None else f"{prediction_id}-{position}", span)


class Group:
    """Rows with the same names, of one step."""

    __slots__ = ("match", "packer", "rows", "step")

    def __init__(self, match: Match, packer: Packer | None, step: int) -> None:
        self.match = match
        self.packer = packer
        self.step = step
        self.rows: list[Waiter] = []

    def add(self, row: Row, said: Said, prediction_id: str, position: int | None, span: SpanContext) -> None:
        """Take one row. Its values are kept, not copied, and its numbers packed."""
        packed = None if self.packer is None else self.packer(row.values, row.nulls)
        self.rows.append((row.values, packed, said, prediction_id, position, span))


class Waiting:
    """All such groups of one model."""

    __slots__ = ("_groups", "nbytes", "rows")

    def __init__(self) -> None:
        self._groups: dict[tuple[Match, int], Group] = {}
        self.rows = 0
        self.nbytes = 0

    def group(self, match: Match, packer: Packer | None, step: int) -> Group:
        """Those of one match and step, to which rows may be added until `take`."""
        found = self._groups.get((match, step))
        if found is None:
            found = self._groups[match, step] = Group(match, packer, step)
        return found

    def appended(self, nbytes: int) -> bool:
        """Note one more row, of so many bytes.

        Returns:
            Whether it is time to count them all.
        """
        self.rows += 1
        self.nbytes += nbytes
        return self.rows >= MAX_ROWS or self.nbytes >= MAX_BYTES

    def take(self) -> list[Group]:
        """All groups; none is left."""
        found = list(self._groups.values())
        self._groups, self.rows, self.nbytes = {}, 0, 0
        return found

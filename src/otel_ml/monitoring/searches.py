"""When the rows of a rare event are looked for: counts say only how many there are, and a search costs more than they do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from otel_ml.drift.examples import EXAMPLES, MAX_SEARCHES

SEARCH_SECONDS: Final = 10.0
"""Rows with a rare event are looked for once in so many seconds, for each feature and event; and in each new step."""

LEAST_SEARCH_SECONDS: Final = 0.05
"""But no more often than that, however fast event time goes by, unless there are more of them than usual."""

MAX_HURRIED: Final = 4
"""As many of those in one batch that were looked for in another step just now; one row is enough of these."""


class Event(NamedTuple):
    """A rare event in a batch.

    Attributes:
        variable: its index in the baseline.
        kind: a name of `otel_ml.drift.layout.RARE`.
        is_more: whether it is more frequent than an alarm bears.
    """

    variable: int
    kind: str
    is_more: bool


class Searches:
    """Those of one model's traffic.

    Args:
        clock: the time now, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[tuple[int, str], tuple[float, int]] = {}

    def choose(self, step: int, events: Iterable[Event]) -> dict[tuple[int, str], int]:
        """Choose which events of a batch to look for.

        What may raise an alarm comes first, and is looked for in every step: the alarm shows rows of its own window only,
        and steps come one right after the other where a queue is worked off. Many of them take turns.

        Args:
            step: of the batch.
            events: in it.

        Returns:
            How many rows to look for, by variable and kind; they are taken to have been looked for.
        """
        now = self._clock()
        ranked = sorted((not event.is_more, self._last.get(event[:2], (-math.inf, step)), event) for event in events)
        chosen: dict[tuple[int, str], int] = {}
        hurried = 0
        for usual, (last, last_step), event in ranked:
            if now - last >= (SEARCH_SECONDS if step == last_step else LEAST_SEARCH_SECONDS):
                chosen[event[:2]] = EXAMPLES
            elif step != last_step and not usual and hurried < MAX_HURRIED:
                chosen[event[:2]] = 1
                hurried += 1
            if len(chosen) == MAX_SEARCHES:
                break
        self._last.update(dict.fromkeys(chosen, (now, step)))
        return chosen

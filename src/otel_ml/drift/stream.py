"""A stream of counts cut into steps: which are open, which are complete, and what the last ones add up to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from otel_ml.drift.clock import Place, RowClock
from otel_ml.drift.event_clock import EventClock
from otel_ml.drift.layout import rows_of
from otel_ml.drift.report import Moment
from otel_ml.drift.settings import MIN_REFERENCE_ROWS, Settings
from otel_ml.drift.variables import Variable
from otel_ml.drift.windows import Ring

WEEK: Final = 168
"""Hours."""

LEAST_ROWS: Final = 32
"""Rows in each place of the ring, at least: 64 hold 2,000 then, which is what a weak drift takes, and a moving reference."""

MOST_NULLS: Final = 0.5
"""Of a column that is null more often, the last steps need not be enough to compare with: others would wait for it."""

SPREAD: Final = 1.25
"""Times their usual share, nulls may come by chance."""


class Stream:
    """Counts by step: a ring of the complete ones, and those that rows may still come for.

    Each step has a place of its own in the ring, except where rows are few: a step of time with less than `least_rows`
    shares its place with those after it, until they have as many together, and one without any has none. So the ring
    reaches back by as many rows as it takes to find something, be it for days. Hours of a week stay apart, whatever is
    in them, and so do steps of a fixed number of rows.

    Memory is fixed by the settings: the ring is as long as the look-backs and the reference need, and there are
    ``lateness / step + 2`` open steps at most.

    Args:
        shape: of the count matrix of a step.
        settings: of the windows.
        wall: the time now, in seconds since 1970.
        nulls: share that is usual.

    Attributes:
        set_back: whether the clock of those who send was set back, which the next look at what is `due` deals with: then
            what was open is completed, and steps before that are forgotten.
        clock: what step a row is in.
        ring: the complete steps, in places that are numbered from 0.
        present: how many places there were since the ring was empty.
        opened: whether the step that was completed last began a new place.
        grown: whether it changed anything in the ring.
        closed: steps that are complete, since the beginning.
        rows: rows counted, those of open steps included.
        last: counts of the step that was completed last, None before the first.
        before_last: of the one before.
    """

    def __init__(
        self, shape: tuple[int, int], settings: Settings, wall: Callable[[], float], *, nulls: float = 0.0
    ) -> None:
        by_rows = settings.rows_per_step
        self.clock = RowClock(by_rows) if by_rows else EventClock(settings.step, settings.lateness, wall)
        self.ring = Ring(history(settings), shape)
        self.present = self.closed = self.rows = 0
        self.opened = self.grown = False
        self.last: np.ndarray | None = None
        self.before_last: np.ndarray | None = None
        self._least = 0 if settings.reference == "last_week" else 1 if by_rows else least_rows(settings, nulls)
        self._held = 0  # rows in the newest place
        self._began: deque[tuple[int, Moment]] = deque(maxlen=settings.look_back)  # the first step of each place
        self._totals = np.zeros(shape, dtype=np.int64)  # of complete steps
        self._open: dict[int, np.ndarray] = {}
        self._open_rows: dict[int, int] = {}
        self._rows_before = 0  # of complete steps
        self._next: int | None = None  # the first step that is not complete
        self._quiet = 0  # complete steps without rows, since the last that had some
        self.set_back = False

    def place(self, rows: int, times: float | np.ndarray | None = None) -> list[Place]:
        """Finds the steps of rows, in ascending order. Look at what is `due` before each of them, then `add` it."""
        before = self.clock.restarts
        places = self.clock.place(rows, times)
        self.set_back |= self.clock.restarts != before
        return places

    def merge(self, step: int) -> bool:
        """Tells whether others' counts of a step may still be added, and moves the clock there."""
        before = self.clock.restarts
        open_ = self.clock.merge(step)
        self.set_back |= self.clock.restarts != before
        return open_

    def add(self, step: int, counts: np.ndarray, rows: int) -> None:
        """Adds counts of rows to an open step; they are the stream's from then on."""
        held = self._open.get(step)
        if held is None:
            self._open[step], self._open_rows[step] = counts, rows
        else:
            held += counts
            self._open_rows[step] += rows
        self.rows += rows

    def due(self, before: int | None = None) -> Iterator[Moment]:
        """Completes the steps that are due, one at a time: evaluate each before the next one.

        Args:
            before: only steps before this one.
        """
        if self.set_back:
            for step in sorted(self._open):
                yield self._complete(step)
            self.ring.clear()
            self._began.clear()
            self._next, self.present, self.set_back = None, 0, False
        open_from = self.clock.open_from
        if open_from is not None:
            limit = open_from if before is None else min(before, open_from)
            while (first := self._first(limit)) is not None:
                yield self._complete(first)

    def live(self) -> np.ndarray | None:
        """Counts of the oldest open step, None where there is no row in any."""
        return self._open[min(self._open)] if self._open else None

    def is_cut_short(self) -> bool:
        """Tells whether the last step has less than half the rows of the one before."""
        if self.last is None or self.before_last is None:
            return False
        return 2 * int(rows_of(self.last).max(initial=0)) < int(rows_of(self.before_last).max(initial=0))

    @property
    def newest(self) -> int:
        """The step that was completed last. Ask only once there is one."""
        assert self._next is not None
        return self._next - 1

    def totals(self) -> np.ndarray:
        """Counts of all rows, int64."""
        return sum(self._open.values(), self._totals.copy())

    def began(self, look_back: int) -> tuple[int, Moment]:
        """The first step of the last so many places."""
        return self._began[-min(look_back, len(self._began))]

    def _first(self, limit: int) -> int | None:
        """The first step before the limit that is not complete; None if all are."""
        with_rows = min(self._open, default=limit)
        following = with_rows if self._next is None else self._next
        if self._quiet >= (2 if self._least else self.ring.steps) and with_rows > following:
            # Nothing would change by completing more steps without rows, so they are passed over.
            self.closed += min(with_rows, limit) - following
            self._next = following = min(with_rows, limit)
            if not self._least:
                self._began.clear()
        return following if following < limit else None

    def _complete(self, step: int) -> Moment:
        rows, counts = self._open_rows.pop(step, 0), self._open.pop(step, None)
        if counts is None:
            counts = np.zeros(self.ring.shape, dtype=np.int64)
        self.before_last, self.last = self.last, counts
        self._totals += counts
        self._rows_before += rows
        self._quiet = 0 if rows else self._quiet + 1
        self._next = step + 1
        moment = Moment(self.closed, self._rows_before, self.clock.start_of(step))
        self.closed += 1
        self.opened = (not self.present or self._held >= self._least) and (rows > 0 or not self._least)
        self.grown = self.opened or rows > 0
        if self.opened:
            self.present, self._held = self.present + 1, 0
            self._began.append((step, moment))
        if self.grown:
            self.ring.add(self.present - 1, counts)
            self._held += rows
        return moment

    def state(self) -> dict[str, Any]:
        """What `restore` continues from: arrays, and what JSON can hold."""
        steps = sorted(self._open)
        return {
            "clock": self.clock.state(),
            "ring": self.ring.state(),
            "present": self.present,
            "closed": self.closed,
            "rows": self.rows,
            "opened": self.opened,
            "held": self._held,
            "last": None if self.last is None else self.last.copy(),
            "before_last": None if self.before_last is None else self.before_last.copy(),
            "began": [[step, asdict(moment)] for step, moment in self._began],
            "totals": self._totals.copy(),
            "open": {str(step): self._open[step].copy() for step in steps},
            "open_rows": {str(step): self._open_rows[step] for step in steps},
            "rows_before": self._rows_before,
            "next": self._next,
            "quiet": self._quiet,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another stream of the same shape and settings was."""
        self.clock.restore(state["clock"])
        self.ring.restore(state["ring"])
        self.present, self.closed, self.rows = state["present"], state["closed"], state["rows"]
        self.opened, self._held = state["opened"], state["held"]
        self.last = None if state["last"] is None else self._matrix(state["last"])
        self.before_last = None if state["before_last"] is None else self._matrix(state["before_last"])
        self._began.extend((step, Moment(**moment)) for step, moment in state["began"])
        self._totals = self._matrix(state["totals"])
        self._open = {int(step): self._matrix(counts) for step, counts in state["open"].items()}
        self._open_rows = {int(step): int(rows) for step, rows in state["open_rows"].items()}
        self._rows_before, self._next, self._quiet = state["rows_before"], state["next"], state["quiet"]

    def _matrix(self, counts: Any) -> np.ndarray:
        found = np.array(counts, dtype=np.int64)
        if found.shape != self.ring.shape:
            raise ValueError(f"counts of shape {found.shape} are not of shape {self.ring.shape}")
        return found


def least_rows(settings: Settings, nulls: float = 0.0) -> int:
    """Rows in each place of the ring, at least; where the places are the reference, so many that all together are one.

    >>> least_rows(Settings()), least_rows(Settings(reference="previous"), nulls=0.3)
    (32, 50)
    """
    if settings.reference != "previous":
        return LEAST_ROWS
    filled = 1 - SPREAD * min(nulls, MOST_NULLS)
    return max(LEAST_ROWS, math.ceil(MIN_REFERENCE_ROWS / settings.look_back / filled))


def usual_nulls(variables: Sequence[Variable]) -> float:
    """The largest share of nulls of a variable in the training data of which there are not too many."""
    shares = (variable.null_ratio for variable in variables if len(variable.counts) > 1)
    return max((share for share in shares if share <= MOST_NULLS), default=0.0)


def history(settings: Settings) -> int:
    """Places that must be kept: what the look-backs need, and what the reference lies behind them."""
    behind = {"baseline": 0, "previous": settings.look_back, "last_week": WEEK}
    return settings.look_back + behind[settings.reference]

"""Which step a row belongs to, and when a step is complete: by event time."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np

from otel_ml.drift.clock import Place
from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.settings import AHEAD_LIMIT

FAR: Final = 1e11
"""Seconds from 1970, 3,000 years: a time beyond is none, most likely of another unit."""

STEPS_AHEAD: Final = 64
"""A row may be ahead of all others, and of the wall clock, by this many steps, or by `AHEAD_LIMIT` if that is longer."""


class EventClock:
    """Steps of a fixed length of event time.

    A step is complete when a row has come that is `lateness` seconds past its end; a row of a complete step is late, and left
    out. A row without a time that can be used, or one far ahead of both the wall clock and every row so far, is taken to be of
    the time of the newest row before it. When nothing but late rows come for a step's length by the wall clock, then the
    clock of those who send has been set back, and steps go on from there.

    Args:
        seconds: length of a step.
        lateness: seconds that a row may be behind the newest one.
        wall: the time now, in seconds since 1970; a constant one where the stream is a file.

    Attributes:
        open_from: the first step that is not complete, None before the first row.
        late: rows left out.
        undated: rows without a time that could be used.
        restarts: how often the clock of those who send was set back, so that steps went back, too.
    """

    def __init__(self, seconds: float, lateness: float, wall: Callable[[], float] = time.time) -> None:
        self.seconds = seconds
        self.lateness = lateness
        self.open_from: int | None = None
        self.late = 0
        self.undated = 0
        self.restarts = 0
        self._wall = wall
        self._newest: float | None = None
        self._arrived = wall()
        self._late_since: float | None = None

    def place(self, rows: int, times: float | np.ndarray | None = None) -> list[Place]:
        """Returns the steps that rows belong to, in ascending order; a late row has none.

        Args:
            rows: how many.
            times: event time of each, or of all, in seconds since 1970 or as datetime64; None is now.

        Raises:
            ValueError: there are more or fewer times than rows.
        """
        if not rows:
            return []
        moments = np.asarray(self._wall() if times is None else times)
        if moments.dtype.kind == "M":
            moments = to_numbers(moments, "datetime").values.reshape(moments.shape)
        if moments.ndim == 0:
            return self._place(moments.astype(np.float64)[None], rows)
        if len(moments) != rows:
            raise ValueError(f"there are {len(moments):,} event times for {rows:,} rows")
        return self._place(moments.astype(np.float64), None)

    def merge(self, step: int) -> bool:
        """Takes note of counts of a step that others have made; returns whether it is still open.

        They tell no time. As long as they are of the newest step, event time is taken to go on as the wall clock does.
        """
        moment = (step + 0.001) * self.seconds  # of the step's start one would not know on which side it lies
        if self._newest is not None and step == self._step_of(self._newest):
            moment = min(max(moment, self._newest + self._wall() - self._arrived), (step + 0.999) * self.seconds)
        return any(place.step == step for place in self._place(np.array([moment]), 0))

    def advance(self, now: float | None = None) -> None:
        """Takes note that time has passed without rows.

        Args:
            now: the present, in event time. By default the wall clock goes on from the newest row, once it has been the
                newest for a step: rows may come in bursts, and event time may be any time.
        """
        if self._newest is None:
            return
        if now is None:
            now = self._newest + max(0.0, self._wall() - self._arrived - self.seconds)
        if abs(now) < FAR:
            self._open(self._step_of(now - self.lateness))

    def end(self) -> None:
        """Takes every step that has rows for complete."""
        if self._newest is not None:
            self._open(self._step_of(self._newest) + 1)

    def start_of(self, step: int) -> str | None:
        """When a step starts, ISO 8601 in UTC; None for a time that Python has no date for."""
        try:
            start = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=step * self.seconds)
        except OverflowError:
            return None
        return start.isoformat() + "Z"

    def _place(self, times: np.ndarray, rows: int | None) -> list[Place]:
        """Places each of the times, or the same one for that many rows."""
        weight = 1 if rows is None else rows
        times = self._usable(times, weight)
        newest = np.fmax.accumulate(times)
        if self._newest is not None:
            newest = np.fmax(newest, self._newest)
        steps = np.floor(times / self.seconds)
        first_open = np.floor((newest - self.lateness) / self.seconds)
        if self.open_from is not None:
            first_open = np.maximum(first_open, self.open_from)
        with np.errstate(invalid="ignore"):
            on_time = steps >= first_open  # NaN is not
        late = len(times) - int(np.count_nonzero(on_time))
        if late < len(times):
            self._late_since = None
        elif self._was_set_back():
            return self._restart(times, rows)
        self.late += late * weight
        if late == len(times):
            return []
        if newest[-1] != self._newest:
            self._newest, self._arrived = float(newest[-1]), self._wall()
        self._open(int(first_open[-1]))
        return [Place(int(steps[0]), slice(None), rows)] if rows is not None else _by_step(steps, on_time)

    def _usable(self, times: np.ndarray, weight: int) -> np.ndarray:
        """Gives rows without a time that can be used that of the newest row before; NaN where there is none."""
        with np.errstate(invalid="ignore"):
            usable = np.abs(times) < FAR  # NaN and infinities are not
            limit = self._wall() + self._ahead
            if bool((times > limit).any()):
                usable &= ~self._leaps(np.where(usable, times, -np.inf), limit)
        if usable.all():
            return times
        self.undated += weight * int(len(times) - np.count_nonzero(usable))
        before = -np.inf if self._newest is None else self._newest
        filled = np.maximum(np.maximum.accumulate(np.where(usable, times, -np.inf)), before)
        return np.where(usable, times, np.where(np.isfinite(filled), filled, np.nan))

    def _leaps(self, times: np.ndarray, limit: float) -> np.ndarray:
        """Finds rows that are far ahead of both the wall clock and all rows before, one by one, as each moves the limit."""
        found = np.zeros(len(times), dtype=bool)
        plausible = times[(times <= limit) & (times > -np.inf)]
        newest = self._newest if self._newest is not None else float(plausible[0]) if len(plausible) else None
        for index, moment in enumerate(times.tolist()):
            if newest is not None and moment > max(limit, newest + self._ahead):
                found[index] = True
            elif moment > (-np.inf if newest is None else newest):
                newest = moment
        return found

    @property
    def _ahead(self) -> float:
        return max(AHEAD_LIMIT, STEPS_AHEAD * self.seconds)

    def _was_set_back(self) -> bool:
        """Tells it from a few rows that are late; called when all are."""
        now = self._wall()
        if self._late_since is None or self._late_since > now:  # the wall clock was set back, too
            self._late_since = now
        return now - self._late_since >= max(self.seconds, self.lateness)

    def _restart(self, times: np.ndarray, rows: int | None) -> list[Place]:
        if not np.isfinite(times).any():
            return []
        self._newest = self.open_from = self._late_since = None
        self.restarts += 1
        return self._place(times, rows)

    def _step_of(self, moment: float) -> int:
        return int(np.floor(moment / self.seconds))

    def _open(self, step: int) -> None:
        self.open_from = step if self.open_from is None else max(self.open_from, step)

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {
            "open_from": self.open_from,
            "newest": self._newest,
            "arrived": self._arrived,
            "late_since": self._late_since,
            "late": self.late,
            "undated": self.undated,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another clock was, in a silence that has lasted since then.

        Where the newest row was far ahead of the wall clock by which it came, that was a constant one, or not set yet, and tells
        nothing: the silence begins now.
        """
        self.open_from, self._newest = state["open_from"], state["newest"]
        arrived, self._late_since = state.get("arrived"), state.get("late_since")  # an earlier program's file has none
        if arrived is not None and (self._newest is None or self._newest - arrived <= self._ahead):
            self._arrived = float(arrived)
        self.late, self.undated = int(state["late"]), int(state["undated"])


def _by_step(steps: np.ndarray, on_time: np.ndarray) -> list[Place]:
    """Groups rows by step, each group in the order of the rows."""
    rows = None if on_time.all() else np.flatnonzero(on_time)
    if rows is not None:
        steps = steps[rows]
    changes = np.diff(steps)
    if (changes < 0).any():
        order = np.argsort(steps, kind="stable")
        rows, steps = order if rows is None else rows[order], steps[order]
        changes = np.diff(steps)
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(steps)]
    return [
        Place(int(steps[low]), slice(low, high) if rows is None else rows[low:high], high - low)
        for low, high in pairwise(bounds)
    ]

"""One worker's part in watching a model: what it has counted goes to whoever evaluates, which may be itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from otel_ml import guard
from otel_ml.drift.settings import AHEAD_LIMIT
from otel_ml.monitoring.evaluator import Evaluator, ask
from otel_ml.monitoring.pending import Pending

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from otel_ml.drift import Baseline
    from otel_ml.drift.report import Change, Report
    from otel_ml.drift.settings import Settings
    from otel_ml.monitoring.channel import Channel
    from otel_ml.monitoring.counting import Counted
    from otel_ml.monitoring.records import RareRow

BEAT: Final = 1.0
"""Seconds between two looks."""

MAX_STEPS: Final = 256
MAX_BYTES: Final = 32 * 1024 * 1024
"""Steps that wait here while nobody takes them; event times that are all over the place must not fill memory."""

FEW: Final = 16
"""With more steps than this to hand over there is no wait for the next beat: event time runs faster than the clock."""

FAILURES: Final = 3
"""Looks in a row that fail before the role is given up: another worker may have the descriptors, or the memory, for it."""

RETRY: Final = 300.0
"""Seconds after which a worker that is on its own looks again for the others: a disk that was full may have room by now."""


class Post:
    """Collects counts by step, hands them over at each beat, and evaluates all workers' if nobody else does.

    Args:
        baseline: of the model.
        settings: of the monitor.
        open_channel: opens the way to the one that evaluates, and says where the state is saved.
        wall: the time now, in seconds since 1970.
    """

    def __init__(
        self,
        baseline: Baseline,
        settings: Settings,
        open_channel: Callable[[], tuple[Channel, Path | None]],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._baseline = baseline
        self.settings = settings
        self._open_channel = open_channel
        self._wall = wall
        self._seconds = settings.step
        self.reset()

    def reset(self) -> None:
        """Nothing collected, nothing open: at first, and again in a forked child, where all of it is the parent's."""
        self._pending: dict[int, Pending] = {}
        self._channel: Channel | None = None
        self._path: Path | None = None
        self._evaluator: Evaluator | None = None
        self._opened = self._beat = 0.0
        self._failed = 0
        self._newest = -math.inf  # event time, and when it came
        self._arrived = 0.0

    @property
    def leads(self) -> bool:
        """Whether this worker is the one that evaluates."""
        return self._evaluator is not None

    @property
    def waits(self) -> bool:
        """Whether there are counts that have not been handed over."""
        return bool(self._pending)

    def step_of(self, seconds: float) -> int:
        """The sub-window of a time in seconds since 1970.

        One that is not known (NaN), or more than a day ahead of the clock, is the present of those that are known: the
        newest of them, which goes on as the clock does. Traffic that is replayed may be of last week, and must not be taken
        to have come to its end.
        """
        now = self._wall()
        if seconds <= now + AHEAD_LIMIT:  # NaN is not
            seconds = min(seconds, now)  # clocks of clients are seconds ahead, or in another time zone
            if seconds >= self._newest:
                self._newest, self._arrived = seconds, now
        else:
            seconds = min(now, self._newest + now - self._arrived) if self._newest > -math.inf else now
        return int(seconds // self._seconds)

    def add(
        self,
        step: int,
        counted: Counted,
        ids: Callable[[int], str],
        bins: Callable[[np.ndarray], np.ndarray],
        rare: Sequence[RareRow],
        names: tuple[str, ...] | None,
    ) -> bool:
        """Collect what some rows of a step came to.

        Args:
            step: as `step_of` told.
            counted: their counts.
            ids: finds the id of one of them.
            bins: finds the bins of some of them.
            rare: those with rare events.
            names: of their features, where these were not told before.

        Returns:
            False if too many steps wait already: the rows are left out.
        """
        pending = self._pending.get(step)
        if pending is None:
            if len(self._pending) >= min(MAX_STEPS, 1 + MAX_BYTES // counted.counts.nbytes):
                return False
            pending = self._pending[step] = Pending(step, counted.counts.shape)
        pending.counts += counted.counts
        pending.rows += counted.rows
        pending.sample.offer(counted.rows, ids, bins)
        pending.keep(rare)
        pending.names = names or pending.names
        return True

    def beat(self, now: float, *, at_once: bool = False) -> list[Change]:
        """Hand over and evaluate, when it is time.

        Args:
            now: on the monotonic clock.
            at_once: whether it is time in any case.

        Returns:
            Alarms that were raised or have ended, if this worker is the one that evaluates.
        """
        if not at_once and now - self._beat < BEAT and len(self._pending) <= FEW:
            return []
        self._beat = now
        channel = self._open(now)
        self._hand_over(channel)
        changes = self._evaluate(channel, now)
        if self._evaluator is not None:
            self._hand_over(channel)  # what had no room before
        return changes

    def take_late(self) -> int:
        """Rows that came too late, since this was last asked."""
        if self._evaluator is None:
            return 0
        late, self._evaluator.late = self._evaluator.late, 0
        return late

    def report(self) -> Report:
        """The present state, of all workers' counts. Call `beat` before."""
        if self._evaluator is not None:
            return self._evaluator.report()
        return ask(self._baseline, self.settings, self._open(self._beat), self._path, self._wall)

    def standing(self) -> Report | None:
        """The state after the last step that is complete; None where another worker evaluates."""
        return None if self._evaluator is None else self._evaluator.standing()

    def close(self) -> list[Change]:
        """Hand over all that is left, and let another worker evaluate."""
        if self._channel is None and not self._pending:
            return []
        try:
            changes = self.beat(time.monotonic(), at_once=True)
            if self._evaluator is not None:
                self._evaluator.try_to_save()
        finally:
            self.leave()  # whatever fails: locks that are kept would keep all others from it
        return changes

    def leave(self) -> None:
        """Forget all of it without a word to others: in a forked child, where it is the parent's."""
        try:
            if self._channel is not None:
                self._channel.close()
        finally:
            self.reset()

    def _open(self, now: float) -> Channel:
        if self._channel is None:
            self._opened = now
            self._channel, self._path = self._open_channel()
        elif self._path is None and now - self._opened >= RETRY:
            self._opened = now
            channel, path = self._open_channel()
            if path is not None:
                if self._evaluator is not None:
                    self._evaluator.hand_on(channel, path)
                self._channel, self._path, self._evaluator = channel, path, None
        return self._channel

    def _evaluate(self, channel: Channel, now: float) -> list[Change]:
        if not channel.lead():
            self._evaluator = None
            return []
        try:
            if self._evaluator is None:
                self._evaluator = Evaluator(self._baseline, self.settings, channel, self._path, self._wall)
            changes = self._evaluator.step(now)
        except BaseException:
            self._failed += 1
            if self._evaluator is None or (self._failed >= FAILURES and self._path is not None):
                self._failed, self._evaluator = 0, None
                channel.resign()
            raise
        self._failed = 0
        return changes

    def _hand_over(self, channel: Channel) -> None:
        for step in sorted(self._pending):
            try:
                if not channel.send(self._pending[step].record()):
                    return
            except OSError as error:  # it waits here, as far as it may, and what others have sent is looked at
                guard.report("drift.log", error)
                return
            del self._pending[step]

"""The one of all workers that looks at the counts: it holds the monitor, and saves it together with what it has read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_ml import guard
from otel_ml.drift.layout import rows_of
from otel_ml.drift.monitor import Monitor
from otel_ml.drift.samples import Sample
from otel_ml.drift.state import load, remove_leftovers, save

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.report import Change, Report
    from otel_ml.drift.settings import Settings
    from otel_ml.monitoring.channel import Channel
    from otel_ml.monitoring.records import Record

SAVE_SECONDS: Final = 30.0
STEP_SECONDS: Final = 5.0
"""The same after a step has closed."""

PLACES: Final = "places"

ATTEMPTS: Final = 3


class Evaluator:
    """A monitor that counts every record once, whoever held it before.

    Args:
        baseline: of the model.
        settings: of the monitor.
        channel: that the records come from.
        path: where the state is saved, None to keep none.
        wall: the time now, in seconds since 1970.
        leads: False for one that only wants to know: it changes nothing.

    Attributes:
        late: rows that were left out since somebody last took note.
    """

    def __init__(
        self,
        baseline: Baseline,
        settings: Settings,
        channel: Channel,
        path: Path | None,
        wall: Callable[[], float] = time.time,
        *,
        leads: bool = True,
    ) -> None:
        self._channel = channel
        self._path = path
        beside: dict[str, Any] = {}
        if path is None:
            self.monitor = Monitor(baseline, settings, wall=wall)
        else:
            if leads:
                remove_leftovers(path)
            self.monitor = load(path, baseline, settings, wall=wall, beside=beside, set_aside=leads)
        channel.continue_from(beside.get(PLACES, {}))
        self.late = 0
        self._saved = time.monotonic()
        self._is_new = False
        self._standing: Report | None = None

    def step(self, now: float) -> list[Change]:
        """Take in what has come, and look at what is complete.

        Args:
            now: on the monotonic clock.

        Returns:
            Alarms that were raised or have ended.
        """
        for record in self._channel.receive(now):
            self._add(record)
        steps = self.monitor.steps
        # After a restart, or a pause of this process, a step that is not here yet may have ended long ago by the wall clock.
        changes = self.monitor.advance(-math.inf if self._channel.holds_back() else None)
        # A step that closes without rows is in no record: whoever is asked for a report knows of it by the state alone.
        closed = self.monitor.steps > steps
        self._is_new |= closed
        due = now - self._saved >= (STEP_SECONDS if closed else SAVE_SECONDS)
        if changes or self._channel.is_crowded() or (self._is_new and due):
            self.try_to_save()
        return changes

    def report(self) -> Report:
        """The state by now."""
        return self.monitor.report()

    def standing(self) -> Report:
        """The state after the last step that is complete, which is made once: a collection has no need of what came since."""
        steps = self.monitor.steps
        if not steps or self._standing is None or self._standing.steps != steps:
            self._standing = self.monitor.report()
        return self._standing

    def catch_up(self) -> Report:
        """The same with all that has come meanwhile. Only for one that never saves: what it reads is not its own."""
        for record in self._channel.receive(time.monotonic(), everything=True):
            self._add(record)
        self.monitor.advance()
        return self.monitor.report()

    def save(self) -> None:
        """Make what was read so far last, then let it be written over."""
        self._saved = time.monotonic()
        if self._path is not None:
            save(self.monitor, self._path, {PLACES: self._channel.places})
            self._channel.free()
        self._is_new = False

    def try_to_save(self) -> None:
        """The same where alarms are not to be lost because it fails, on a disk that is full, say."""
        try:
            self.save()
        except OSError as error:
            if self._channel.is_crowded():
                self._channel.free()  # rather watch on than keep all of it for whoever comes next
            guard.report("drift.state", error)

    def hand_on(self, channel: Channel, path: Path) -> None:
        """Leave what one worker on its own has seen to whoever goes on at `path`, unless somebody is there already."""
        try:
            if channel.lead() and not path.exists():  # nobody else saves meanwhile
                save(self.monitor, path)
        except OSError as error:
            guard.report("drift.state", error)

    def _add(self, record: Record) -> None:
        self._is_new = True
        sample = Sample(list(record.ids), record.bins) if record.ids else None
        if not self.monitor.add(record.step, record.counts, sample=sample, rare=record.rare, names=record.names):
            self.late += int(rows_of(record.counts).max(initial=0))


def ask(
    baseline: Baseline, settings: Settings, channel: Channel, path: Path | None, wall: Callable[[], float]
) -> Report:
    """The state by now, for a worker that does not evaluate; as for `Evaluator`."""
    for _ in range(ATTEMPTS):
        before = _identity(path)
        report = Evaluator(baseline, settings, channel, path, wall, leads=False).catch_up()
        if _identity(path) == before:
            break  # otherwise what was read may have been written over meanwhile
    return report


def _identity(path: Path | None) -> object:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns)

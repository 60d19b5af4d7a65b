"""One model's stream of predictions, watched: rows in, changes of alarms and a report out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from otel_ml.drift.evaluation import Evaluation
from otel_ml.drift.intake import Intake
from otel_ml.drift.layout import rows_of
from otel_ml.drift.report import Change, Report
from otel_ml.drift.reporting import legend, report_of
from otel_ml.drift.samples import Sample
from otel_ml.drift.settings import Settings
from otel_ml.drift.snapshot import Snapshot
from otel_ml.drift.stream import Stream, usual_nulls

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline


class Monitor:
    """Watches the predictions of one model for drift, in memory that does not grow.

    Rows go in through `observe`, or as ready counts through `add`; `advance` looks at the sub-windows that are complete. All
    of it may be called from any thread.

    Args:
        baseline: what live traffic is compared with.
        settings: of windows and alarm.
        wall: the time now, in seconds since 1970: the event time of rows that come without, and what closes sub-windows when
            no rows come. Give a constant one where the stream is a file.

    Raises:
        ValueError: the settings contradict one another.

    >>> from otel_ml.drift.baseline import Baseline
    >>> from otel_ml.drift.variables import Variable
    >>> age = Variable("age", rows=4_000, edges=(30.0,), counts=(2_000, 2_000), centers=(20.0, 40.0), mean=30.0, std=10.0)
    >>> monitor = Monitor(Baseline("example", 4_000, (age,)), Settings(window=60, lateness=0))
    >>> monitor.observe({"age": np.full(1_000, 70.0)}, rows=1_000, times=30.0)
    >>> [(change.name, change.cause, change.direction) for change in monitor.flush()]
    [('age', 'distribution', 'up')]
    """

    def __init__(
        self, baseline: Baseline, settings: Settings | None = None, *, wall: Callable[[], float] = time.time
    ) -> None:
        self.baseline = baseline
        self.settings = settings or Settings()
        self._intake = Intake(baseline, self.settings.look_back)
        self.shape = self._intake.binner.shape
        """Of the count matrices that `add` takes: variables, and columns as `otel_ml.drift.layout` has them."""
        self._legend = legend(baseline.variables)
        self._stream = Stream(self.shape, self.settings, wall, nulls=usual_nulls(baseline.variables))
        self._evaluation = Evaluation(baseline, self.settings, self._stream)
        self._lock = threading.RLock()

    @property
    def steps(self) -> int:
        """Sub-windows that are complete."""
        return self._stream.closed

    def observe(
        self,
        features: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray] | None = None,
        *,
        rows: int,
        times: float | np.ndarray | None = None,
        ids: Sequence[str] | np.ndarray | None = None,
    ) -> None:
        """Counts rows.

        Args:
            features: by name, each of shape (rows,); a null is None, NaN or NaT. One that is not there is null in every row.
            outputs: ``prediction``, ``score`` and ``entropy``, as far as there are any.
            rows: how many.
            times: event time of each row, or of all, in seconds since 1970; now by default.
            ids: of the predictions, to give examples.
        """
        with self._lock:
            self._intake.names.note(features)
            for place in self._stream.place(rows, times):
                self._look(place.step)
                counts = self._intake.count(place, rows, features, outputs or {}, ids)
                self._stream.add(place.step, counts, place.size)
            self._look()

    def add(
        self,
        step: int,
        counts: np.ndarray,
        *,
        sample: Sample | None = None,
        rare: Sequence[tuple[int, str, str]] = (),
        names: Iterable[str] | None = None,
    ) -> bool:
        """Adds counts that another worker has made of rows of the same step.

        Args:
            step: ``floor(event time / settings.step)``, or the ordinal of the step where rows drive the steps.
            counts: integers of shape `shape`.
            sample: some of the rows, to give examples.
            rare: rows with rare events: index of the variable, name of the event, id of the row.
            names: of the features that the rows have, where they are not known yet.

        Returns:
            False if the step is complete already: the rows are late, and left out.
        """
        with self._lock:
            if names is not None:
                self._intake.names.note(names)
            rows = int(rows_of(counts).max(initial=0))
            if not self._stream.merge(step):
                self._stream.clock.late += rows
                return False
            self._look(step)
            self._stream.add(step, np.array(counts, dtype=np.int64), rows)
            self._intake.add(step, sample, rare)
            self._look()
            return True

    def advance(self, now: float | None = None) -> list[Change]:
        """Looks at the sub-windows that are complete, without rows or with.

        Args:
            now: the present in event time, where it is known. By default sub-windows go on by the wall clock when no rows
                have come for the length of one.

        Returns:
            Alarms that were raised or have ended since this was last called, in order.
        """
        with self._lock:
            self._stream.clock.advance(now)
            self._look()
            return self._evaluation.take()

    def flush(self) -> list[Change]:
        """Looks at all sub-windows that have rows, complete or not: the stream has ended. As `advance` otherwise."""
        with self._lock:
            self._stream.clock.end()
            self._look()
            return self._evaluation.take()

    def report(self) -> Report:
        """Says how the last complete sub-window differs from the reference, or the first while it is not complete.

        Where it has too few rows for scores to mean anything, those before it count as well, and a note says since when.
        """
        return report_of(self.snapshot())

    def snapshot(self, *, ended: bool = False) -> Snapshot:
        """Copies what a report is made of, so that counting waits for no report.

        Args:
            ended: whether the stream has come to its end, as that of a file: alarms that have ended count as well, and a last
                step with less than half the rows of the one before was cut short and is not the one that is scored.
        """
        with self._lock:
            stream = self._stream
            cut_short = ended and stream.is_cut_short()
            scored = self._evaluation.scored(cut_short=cut_short)
            alarms, widest = self._evaluation.alarms, self._evaluation.widest()
            return Snapshot(
                baseline=self.baseline,
                settings=self.settings,
                scored=scored,
                widest=widest,
                tolerance=self._evaluation.tolerance(widest),
                legend=self._legend,
                totals=stream.totals(),
                rows=stream.rows,
                steps=stream.closed,
                cut_short=cut_short and scored.since is None,
                alarms=tuple((alarms.ever if ended else alarms.on).values()),
                first=dict(alarms.since),
                sample=self._intake.sample(),
                missing=self._intake.names.missing(),
                extra=self._intake.names.extra(),
                late=stream.clock.late,
                undated=stream.clock.undated,
            )

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs to go on as if nothing had happened: arrays, and what JSON can hold."""
        with self._lock:
            return {
                "baseline": self.baseline.id,
                "settings": _plain(self.settings),
                "stream": self._stream.state(),
                "evaluation": self._evaluation.state(),
                "intake": self._intake.state(),
            }

    @classmethod
    def restore(
        cls,
        baseline: Baseline,
        settings: Settings | None,
        state: Mapping[str, Any],
        *,
        wall: Callable[[], float] = time.time,
    ) -> Monitor:
        """Goes on where another monitor was.

        Args:
            baseline: the same as the other's.
            settings: the same as the other's.
            state: what its `state` returned.
            wall: as for a new one.

        Raises:
            ValueError: the state is of another baseline or of other settings.
        """
        monitor = cls(baseline, settings, wall=wall)
        for name, own in (("baseline", baseline.id), ("settings", _plain(monitor.settings))):
            if state[name] != own:
                raise ValueError(f"the state is of another {name}: {state[name]!r}, not {own!r}")
        monitor._stream.restore(state["stream"])
        monitor._evaluation.restore(state["evaluation"])
        monitor._intake.restore(state["intake"])
        return monitor

    def _look(self, before: int | None = None) -> None:
        """Looks at the steps that are due, one at a time."""
        set_back = self._stream.set_back
        for moment in self._stream.due(before):
            self._evaluation.look(moment, self._intake)
        if set_back:
            self._intake.forget()


def _plain(settings: Settings) -> dict[str, Any]:
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {**values, "thresholds": dict(settings.thresholds)}

"""One model beside its baseline: every row of its traffic is counted over the bins, for metrics and for the monitor."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from otel_ml.monitoring.counting import RowCounter
from otel_ml.monitoring.events import event_of
from otel_ml.monitoring.gauges import Gauges
from otel_ml.monitoring.intake import Intake, Lot, Prediction
from otel_ml.monitoring.matching import Match
from otel_ml.monitoring.origin import shown
from otel_ml.monitoring.post import BEAT
from otel_ml.monitoring.records import RareRow
from otel_ml.monitoring.searches import Searches
from otel_ml.monitoring.tally import Series, Tally
from otel_ml.monitoring.treatment import Treated
from otel_ml.monitoring.violations import Violations
from otel_ml.observation import Batch, Row
from otel_ml.semconv.attributes import MlDropReasonValues

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.drift import Baseline
    from otel_ml.drift.fitting.treatment import Treatment
    from otel_ml.drift.report import Change, Report
    from otel_ml.monitoring.budget import Budget
    from otel_ml.monitoring.listener import Listener
    from otel_ml.monitoring.post import Post
    from otel_ml.privacy import FeaturePlan

MAX_TOLD: Final = 64
"""Schemas whose names are told to the monitor: a caller may send other ones each time."""


class Watch:
    """Counts the rows of one model. Runs under the aggregator's lock.

    Args:
        baseline: what the traffic is compared with.
        attributes: of every metric and event: the model and the baseline.
        safe_names: of the baseline's variables in telemetry.
        policy: which values may be counted, and as what.
        budget: of metric series.
        post: to the monitor, None where there is none.
        listener: gets what is found.
        scores: statistics that become metrics.
        limits: statistics with a fixed limit, values of ``ml.drift.method``.

    Attributes:
        budget: as given.
        used: when rows were taken last, on the monotonic clock.
        ended: whether nobody counts what comes now: calls that were under way when it ended.
    """

    def __init__(
        self,
        baseline: Baseline,
        *,
        attributes: Series,
        safe_names: Sequence[str],
        policy: Treatment,
        budget: Budget,
        post: Post | None,
        listener: Listener,
        scores: Sequence[str],
        limits: Sequence[str],
    ) -> None:
        self.baseline = baseline
        self.attributes = attributes
        self.safe_names = tuple(safe_names)
        self.post = post
        self.budget = budget
        self.ended = False
        self._listener = listener
        treated = Treated(baseline, policy)
        self._hidden = {baseline.variables[index].name for index in treated.hidden}
        self.tally = Tally(baseline, attributes, self.safe_names, treated.hidden, budget)
        self._counter = RowCounter(baseline, treated)
        self.gauges = Gauges(self.attributes, baseline, self.safe_names, self.tally.named, scores, limits)
        self._violations = Violations(baseline, self.safe_names, self.tally.named)
        self.reset()

    def reset(self) -> None:
        """Back to zero: at first, and in a forked child, where what there is is the parent's."""
        self._intake = Intake(self.baseline, self._counter, _one_step if self.post is None else self.post.step_of)
        self._searches = Searches()
        self._told: set[Match] = set()
        self.used = time.monotonic()
        self._counted = 0.0
        self._violations.clear()
        self.tally.reset()
        self.gauges.clear()
        if self.post is not None:
            self.post.leave()

    def take(
        self,
        prediction: Prediction,
        features: Row | Batch,
        plan: FeaturePlan,
        times: float | Sequence[float],
        *,
        positional: bool,
        nbytes: int,
    ) -> None:
        """Take the rows of a prediction.

        Args:
            prediction: that they belong to.
            features: the rows.
            plan: of their features.
            times: event time in seconds since 1970, of all rows or of each that is held.
            positional: whether the model takes its features by position.
            nbytes: about what the rows take in memory.
        """
        self.used = time.monotonic()
        if self.ended:
            self._listener.left_out(MlDropReasonValues.SHUTDOWN, features.size)
            return
        if isinstance(features, Row):
            assert isinstance(times, float)
            if self._intake.take_row(prediction, features, plan, times, positional=positional, nbytes=nbytes):
                self.flush()
            return
        if features.held < features.size:
            reason = MlDropReasonValues.CAP if features.held else MlDropReasonValues.QUEUE_FULL
            self._listener.left_out(reason, features.size - features.held)
        if features.held:
            for lot in self._intake.take_batch(prediction, features, plan, times, positional=positional):
                self._book(lot)

    def flush(self) -> None:
        """Count what waits."""
        if self._intake.waits:
            for lot in self._intake.count():
                self._book(lot)

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Do what is due from time to time: count, hand over, look for drift."""
        if at_once or now - self._counted >= BEAT:  # numpy takes about as long for one row as for fifty
            self._counted = now
            self.flush()
        if self.post is not None:
            changes = self.post.beat(now, at_once=at_once)
            if late := self.post.take_late():
                self._listener.left_out(MlDropReasonValues.LATE, late)
            self._tell(self.post, changes)

    @property
    def violations(self) -> Mapping[tuple[str, str], int]:
        """Values so far that broke what the baseline expects, by feature and kind."""
        return self._violations.counts

    def settle(self) -> None:
        """Count what waits, and see how things are, before a reader collects."""
        self.beat(time.monotonic(), at_once=True)
        self.gauges.show(None if self.post is None else self.post.standing())

    def report(self) -> Report | None:
        """The present state; None where nothing is monitored."""
        if self.post is None:
            return None
        self.beat(time.monotonic(), at_once=True)
        return shown(self.post.report(), self._hidden)

    def close(self) -> None:
        """Count and hand over what is left, and let another worker look for drift."""
        self.flush()
        if self.post is not None:
            self._tell(self.post, self.post.close())

    def retire(self) -> None:
        """End: another watch takes the place of this one."""
        post = self.post
        try:
            self.close()
        finally:
            self.post = None
            if post is not None:
                post.leave()  # nothing that fails keeps the locks: another worker could not look for drift any more

    def _book(self, lot: Lot) -> None:
        self.tally.add(lot.counted)
        found = list(
            self._counter.rare(lot.counted, lot.features, lot.outputs, partial(self._searches.choose, lot.step))
        )
        for violation in self._violations.of(lot, found):
            self._listener.violated(self.attributes, violation)
        if self.post is None:
            return
        names = self._names(lot.match)
        rare = [RareRow(variable, kind, str(lot.origin(row))) for variable, kind, _, rows in found for row in rows]

        def origin(row: int) -> str:
            return str(lot.origin(row))

        def bins(rows: np.ndarray) -> np.ndarray:
            made = {name: column[rows] for name, column in lot.outputs.items()}
            return self._counter.bins(lot.features(rows), made, len(rows))

        if not self.post.add(lot.step, lot.counted, origin, bins, rare, names):
            self._listener.left_out(MlDropReasonValues.CAP, lot.counted.rows)

    def _tell(self, post: Post, changes: Iterable[Change]) -> None:
        for change in changes:
            self._listener.changed(event_of(self.attributes, self.safe_names, post.settings.step, change))

    def _names(self, match: Match) -> tuple[str, ...] | None:
        """Features of the rows, where the monitor was not told before."""
        if match in self._told or len(self._told) >= MAX_TOLD:
            return None
        self._told.add(match)
        return (*match.places, *(match.safe_name(name) for name, _ in match.violations if isinstance(name, int)))


def _one_step(seconds: float) -> int:
    """The sub-window where nothing is monitored."""
    return 0

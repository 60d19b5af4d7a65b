"""What is found when traffic is compared with a baseline, as events and as counts of what was left out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context

from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.semconv.events import EVENT_ML_DRIFT_DETECTED, EVENT_ML_DRIFT_RESOLVED, EVENT_ML_FEATURE_VIOLATION
from otel_ml.signals.record import Notice
from otel_ml.signals.violations import Violations

if TYPE_CHECKING:
    from otel_ml.drift.report import Change
    from otel_ml.monitoring.violations import Violation
    from otel_ml.monitoring.watch import Watch
    from otel_ml.signals.aggregator import Aggregator


class Findings:
    """Listens to watches. Runs under the aggregator's lock.

    Args:
        aggregator: that emits events and counts what is dropped.
    """

    def __init__(self, aggregator: Aggregator) -> None:
        self._aggregator = aggregator
        self.reset()

    def reset(self) -> None:
        """Nothing said so far: at first, and in a forked child, where what is held back is the parent's."""
        self._violations = Violations()

    def violated(self, watch: Watch, violation: Violation) -> None:
        """Say that values broke what the baseline expects, if that was not said within the last minute."""
        origin = violation.origin
        attributes = self._violations.note(
            watch.attributes, violation.feature, violation.kind, violation.hits, origin.id if origin else None
        )
        if attributes is not None:
            context = origin.context if origin else Context()
            self._aggregator.announce(Notice(EVENT_ML_FEATURE_VIOLATION, SeverityNumber.WARN, attributes, context))

    def changed(self, watch: Watch, change: Change) -> None:
        """Say that an alarm was raised or has ended, at the end of the sub-window that told."""
        attributes, context = watch.describe(change)
        name, severity = (
            (EVENT_ML_DRIFT_DETECTED, SeverityNumber.WARN)
            if change.detected
            else (EVENT_ML_DRIFT_RESOLVED, SeverityNumber.INFO)
        )
        self._aggregator.announce(Notice(name, severity, attributes, context, _end(change, watch.step)))

    def left_out(self, reason: MlDropReasonValues, rows: int) -> None:
        """Count rows that drift does not see."""
        self._aggregator.drops.add(reason, MlDropSignalValues.DRIFT, rows)


def _end(change: Change, step: float) -> int | None:
    """The end of a step in nanoseconds since 1970."""
    if change.moment.time is None:
        return None
    start = datetime.fromisoformat(change.moment.time.replace("Z", "+00:00"))
    since = start - datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=step)
    return max(0, since // timedelta(microseconds=1) * 1000)

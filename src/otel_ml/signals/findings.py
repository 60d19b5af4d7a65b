"""What is found when traffic is compared with a baseline, as events and as counts of what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context

from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.semconv.events import EVENT_ML_DRIFT_DETECTED, EVENT_ML_DRIFT_RESOLVED, EVENT_ML_FEATURE_VIOLATION
from otel_ml.signals.record import Notice
from otel_ml.signals.violations import Violations

if TYPE_CHECKING:
    from otel_ml.monitoring.events import Event
    from otel_ml.monitoring.violations import Violation
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

    def violated(self, model: Mapping[str, str | int], violation: Violation) -> None:
        """Say that values broke what the baseline expects, if that was not said within the last minute."""
        origin = violation.origin
        attributes = self._violations.note(
            model, violation.feature, violation.kind, violation.hits, origin.id if origin else None
        )
        if attributes is not None:
            context = origin.context if origin else Context()
            self._aggregator.announce(Notice(EVENT_ML_FEATURE_VIOLATION, SeverityNumber.WARN, attributes, context))

    def changed(self, event: Event) -> None:
        """Say that an alarm was raised or has ended."""
        name, severity = (
            (EVENT_ML_DRIFT_DETECTED, SeverityNumber.WARN)
            if event.detected
            else (EVENT_ML_DRIFT_RESOLVED, SeverityNumber.INFO)
        )
        self._aggregator.announce(Notice(name, severity, event.attributes, event.context, event.time))

    def left_out(self, reason: MlDropReasonValues, rows: int) -> None:
        """Count rows that drift does not see."""
        self._aggregator.drops.add(reason, MlDropSignalValues.DRIFT, rows)

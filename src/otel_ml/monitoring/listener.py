"""Whoever is told what watches find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from otel_ml.drift.report import Change
    from otel_ml.monitoring.violations import Violation
    from otel_ml.monitoring.watch import Watch
    from otel_ml.semconv.attributes import MlDropReasonValues


class Listener(Protocol):
    """Whoever says what was found."""

    def violated(self, watch: Watch, violation: Violation) -> None:
        """Values broke what the baseline expects."""

    def changed(self, watch: Watch, change: Change) -> None:
        """An alarm was raised or has ended."""

    def left_out(self, reason: MlDropReasonValues, rows: int) -> None:
        """Rows could not be counted."""

    def reset(self) -> None:
        """Begin anew, in a forked child."""

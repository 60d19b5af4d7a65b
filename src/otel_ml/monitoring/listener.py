"""Whoever is told what watches find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from otel_ml.monitoring.events import Event
    from otel_ml.monitoring.violations import Violation
    from otel_ml.semconv.attributes import MlDropReasonValues


class Listener(Protocol):
    """Whoever says what was found."""

    def violated(self, model: Mapping[str, str | int], violation: Violation) -> None:
        """Values broke what the baseline expects; the attributes are those of the model and its baseline."""

    def changed(self, event: Event) -> None:
        """An alarm was raised or has ended."""

    def left_out(self, reason: MlDropReasonValues, rows: int) -> None:
        """Rows could not be counted."""

    def reset(self) -> None:
        """Begin anew, in a forked child."""

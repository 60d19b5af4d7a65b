"""``ml.feature.violation``: an event for the first broken value of a feature, then at most one a minute."""

from __future__ import annotations

import time

from otel_ml.semconv import attributes as names
from otel_ml.signals.record import Attributes, Prediction

INTERVAL = 60.0
MAX_KEYS = 1000
"""Features and kinds of violation that are watched; the rest is counted in the metric only."""


class Violations:
    """Limits the rate by model, feature and kind. Runs under the aggregator's lock."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str, str], tuple[float, int]] = {}

    def note(self, prediction: Prediction, feature: str, kind: str, count: int) -> Attributes | None:
        """Attributes of an event to emit now, for this violation and those held back since the last one; or None."""
        key = (prediction.model.identity.name, feature, kind)
        if key not in self._due and len(self._due) >= MAX_KEYS:
            return None
        now = time.monotonic()
        due, held = self._due.get(key, (now, 0))
        if now < due:
            self._due[key] = (due, held + count)
            return None
        self._due[key] = (now + INTERVAL, 0)
        return {
            **prediction.model.model_attributes(),
            names.ML_FEATURE_NAME: feature,
            names.ML_VIOLATION_TYPE: kind,
            names.ML_VIOLATION_COUNT: held + count,
            names.ML_PREDICTION_ID: prediction.id,
        }

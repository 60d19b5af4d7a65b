"""``ml.feature.violation``: an event for the first broken value of a feature, then at most one a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping

from opentelemetry.util.types import AnyValue

from otel_ml.semconv import attributes as names
from otel_ml.signals.record import Attributes

INTERVAL = 60.0
MAX_KEYS = 1000
"""Features and kinds of violation that are watched; the rest is counted in the metric only."""


class Violations:
    """Limits the rate by model, feature and kind. Runs under the aggregator's lock."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str, str], tuple[float, int]] = {}

    def note(
        self, model: Mapping[str, AnyValue], feature: str, kind: str, count: int, prediction_id: str | None
    ) -> Attributes | None:
        """Attributes of an event to emit now, for this violation and those held back since the last one; or None.

        Args:
            model: attributes of the model.
            feature: its name in telemetry.
            kind: a value of ``ml.violation.type``.
            count: of values.
            prediction_id: of the first such row, if it is known.
        """
        key = (str(model[names.ML_MODEL_NAME]), feature, kind)
        if key not in self._due and len(self._due) >= MAX_KEYS:
            return None
        now = time.monotonic()
        due, held = self._due.get(key, (now, 0))
        if now < due:
            self._due[key] = (due, held + count)
            return None
        self._due[key] = (now + INTERVAL, 0)
        found: Attributes = {
            **model,
            names.ML_FEATURE_NAME: feature,
            names.ML_VIOLATION_TYPE: kind,
            names.ML_VIOLATION_COUNT: held + count,
        }
        if prediction_id is not None:
            found[names.ML_PREDICTION_ID] = prediction_id
        return found

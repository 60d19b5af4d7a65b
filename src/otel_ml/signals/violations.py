"""``ml.feature.violation``: an event for the first broken value of a feature, then at most one a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping

from opentelemetry.util.types import AnyValue

from otel_ml.drift.names import MAX_EXTRA
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlViolationTypeValues
from otel_ml.signals.record import Attributes

INTERVAL = 60.0
MAX_KEYS = 1000
"""Features and kinds of violation that are watched at a time, beside `MAX_EXTRA` features that nobody expects; the rest is
counted in the metric only."""

EXTRA = MlViolationTypeValues.EXTRA.value

Key = tuple[AnyValue, ...]


class Violations:
    """Limits the rate by model, feature and kind. Runs under the aggregator's lock."""

    def __init__(self) -> None:
        self._due: dict[Key, tuple[float, int]] = {}
        self._extra: dict[Key, tuple[float, int]] = {}

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
        key = (*model.values(), feature, kind)
        table, limit = (self._extra, MAX_EXTRA) if kind == EXTRA else (self._due, MAX_KEYS)
        now = time.monotonic()
        if key not in table and len(table) >= limit:
            _forget(table, now)
            if len(table) >= limit:
                return None
        due, held = table.get(key, (now, 0))
        if now < due:
            table[key] = (due, held + count)
            return None
        table[key] = (now + INTERVAL, 0)
        found: Attributes = {
            **model,
            names.ML_FEATURE_NAME: feature,
            names.ML_VIOLATION_TYPE: kind,
            names.ML_VIOLATION_COUNT: held + count,
        }
        if prediction_id is not None:
            found[names.ML_PREDICTION_ID] = prediction_id
        return found


def _forget(table: dict[Key, tuple[float, int]], now: float) -> None:
    """Make room: whatever may be said again needs no entry."""
    for key in [key for key, (due, _) in table.items() if due <= now]:
        del table[key]

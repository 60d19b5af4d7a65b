"""What ``ml.drift.detected`` and ``ml.drift.resolved`` say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.util.types import AnyValue

from otel_ml.drift.layout import RARE
from otel_ml.monitoring.gauges import OUTPUTS, READER
from otel_ml.monitoring.origin import Origin
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.drift.report import Change

Attributes = dict[str, AnyValue]


def describe(model: Mapping[str, str | int], safe_names: Sequence[str], change: Change) -> tuple[Attributes, Context]:
    """Attributes of the event, and the context of the first example: from the event there is a link to its trace.

    Args:
        model: attributes of the model and its baseline.
        safe_names: of the baseline's variables in telemetry.
        change: an alarm that was raised or has ended.
    """
    examples = [Origin.parse(example) for example in change.examples]
    found: Attributes = {
        **model,
        names.ML_DRIFT_METHOD: change.method,
        names.ML_DRIFT_SUBJECT: change.subject,
        names.ML_DRIFT_READER: READER,
        names.ML_DRIFT_SCORE: float(change.score),
        names.ML_DRIFT_ROWS: change.rows,
    }
    if change.subject not in OUTPUTS:
        found[names.ML_FEATURE_NAME] = safe_names[change.variable]
    if change.cause in RARE:
        found[names.ML_VIOLATION_TYPE] = change.cause
    if change.direction is not None:
        found[names.ML_DRIFT_DIRECTION] = change.direction
    if change.bins:
        found[names.ML_DRIFT_BINS] = tuple(change.bins)
    if examples:
        found[names.ML_DRIFT_EXAMPLES] = tuple(example.id for example in examples)
    if change.since is not None and change.since.time is not None:
        found[names.ML_DRIFT_SINCE] = change.since.time
    linked = next((example.context for example in examples if example.trace), Context())
    return found, linked

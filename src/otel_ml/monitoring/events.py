"""What ``ml.drift.detected`` and ``ml.drift.resolved`` say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.context import Context
from opentelemetry.util.types import AnyValue

from otel_ml.drift.layout import RARE
from otel_ml.drift.variables import OUTPUTS
from otel_ml.monitoring.gauges import READER
from otel_ml.monitoring.origin import Origin
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.drift.report import Change

Attributes = dict[str, AnyValue]


class Event(NamedTuple):
    """An alarm that was raised or has ended, as it is told.

    Attributes:
        detected: whether it was raised.
        attributes: that tell of it.
        context: of the first example: from the event there is a link to its trace.
        time: of the end of the sub-window that told, in nanoseconds since 1970; None where rows drive the steps.
    """

    detected: bool
    attributes: Attributes
    context: Context
    time: int | None


def event_of(model: Mapping[str, str | int], safe_names: Sequence[str], step: float, change: Change) -> Event:
    """What there is to say of a change.

    Args:
        model: attributes of the model and its baseline.
        safe_names: of the baseline's variables in telemetry.
        step: seconds of a sub-window.
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
    return Event(change.detected, found, linked, _end(change, step))


def _end(change: Change, step: float) -> int | None:
    if change.moment.time is None:
        return None
    start = datetime.fromisoformat(change.moment.time.replace("Z", "+00:00"))
    since = start - datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=step)
    return max(0, since // timedelta(microseconds=1) * 1000)

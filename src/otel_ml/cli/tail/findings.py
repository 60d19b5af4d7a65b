"""Drift and violations in words: which model and feature, how far, since when, and which predictions to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from otel_ml.cli.printable import count, percent, value
from otel_ml.semconv import attributes as names
from otel_ml.semconv import events
from otel_ml.semconv.attributes import MlDriftMethodValues
from otel_ml.service.records import Attributes, Log

ALARMS: Final = frozenset({events.EVENT_ML_DRIFT_DETECTED, events.EVENT_ML_DRIFT_RESOLVED})
"""Few, and what somebody watches for: they are shown however much else there is."""


def finding(event: Log) -> tuple[str, str] | None:
    """What an event has found, and where to look, each in one line; None for an event that is no finding."""
    words = _WORDS.get(event.event)
    if words is None:
        return None
    attributes = event.attributes
    what = ", ".join(part for part in words(attributes) if part)
    ids = attributes.get(names.ML_DRIFT_EXAMPLES, attributes.get(names.ML_PREDICTION_ID))
    listed = [value(one) for one in ids] if isinstance(ids, list) else [] if ids is None else [value(ids)]
    where = [*(f"id={one}" for one in listed), f"trace={event.trace_id}" if event.trace_id else ""]
    model = " ".join(value(attributes[key]) for key in _MODEL if attributes.get(key))
    return f"{model}: {what}", " ".join(part for part in where if part)


def _drift(attributes: Attributes) -> Iterator[str]:
    kind, method = attributes.get(names.ML_VIOLATION_TYPE), attributes.get(names.ML_DRIFT_METHOD)
    name = value(attributes.get(names.ML_FEATURE_NAME, attributes.get(names.ML_DRIFT_SUBJECT, "")))
    yield " ".join(value(part) for part in (name, kind, attributes.get(names.ML_DRIFT_DIRECTION)) if part)
    score, rows = attributes.get(names.ML_DRIFT_SCORE), attributes.get(names.ML_DRIFT_ROWS)
    if isinstance(score, (int, float)):
        statistic = "total variation" if method == MlDriftMethodValues.E_DETECTOR.value else value(method)
        yield f"{percent(score)} of rows" if kind else f"{statistic} {score:.3g}"
    if isinstance(rows, (int, float)):
        yield f"{count(rows)} rows"
    if since := attributes.get(names.ML_DRIFT_SINCE):
        yield f"since {value(since)}"
    bins = attributes.get(names.ML_DRIFT_BINS)
    if isinstance(bins, list) and bins and not kind:
        yield f"bins {' '.join(map(value, bins))}"


def _violation(attributes: Attributes) -> Iterator[str]:
    yield f"{value(attributes.get(names.ML_FEATURE_NAME, ''))} {value(attributes.get(names.ML_VIOLATION_TYPE, ''))}"
    hits: Any = attributes.get(names.ML_VIOLATION_COUNT)
    if isinstance(hits, (int, float)):
        yield f"{count(hits)} value{'' if hits == 1 else 's'}"


_MODEL = (names.ML_MODEL_NAME, names.ML_MODEL_VERSION, names.ML_MODEL_ALIAS)

_WORDS: Final[dict[str, Callable[[Attributes], Iterator[str]]]] = {
    events.EVENT_ML_DRIFT_DETECTED: _drift,
    events.EVENT_ML_DRIFT_RESOLVED: _drift,
    events.EVENT_ML_FEATURE_VIOLATION: _violation,
}

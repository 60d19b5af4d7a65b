"""Application log records: ``ml.model.name`` and ``ml.prediction.id`` beside the trace and span id.

On the lines written during a prediction, and in a request also on those after one. The standard logging instrumentation exports
every attribute of a record, so setting them in the record factory is enough.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from opentelemetry.context import get_current

from otel_ml import runtime
from otel_ml.context import ACTIVE_KEY, REQUEST_KEY
from otel_ml.guard import guarded
from otel_ml.invocation import Inference
from otel_ml.request import scope_of
from otel_ml.semconv.attributes import ML_MODEL_NAME, ML_PREDICTION_ID
from otel_ml.signals.record import Prediction

_previous: Callable[..., logging.LogRecord] | None = None
_ours: Callable[..., logging.LogRecord] | None = None


def instrument() -> None:
    """Start adding the attributes."""
    global _previous, _ours
    if _ours is not None:
        return
    previous = _previous = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = previous(*args, **kwargs)
        if runtime.current is not None:
            _correlate(record)
        return record

    _ours = factory
    logging.setLogRecordFactory(factory)


def uninstrument() -> None:
    """Stop. A factory that somebody has set since stays; ours, if it is inside of it, passes records through."""
    global _previous, _ours
    if _ours is not None and logging.getLogRecordFactory() is _ours and _previous is not None:
        logging.setLogRecordFactory(_previous)
    _previous = _ours = None


def current_prediction() -> Prediction | None:
    """The prediction that the running code makes, or the last one it made in this request."""
    context = get_current()
    active = context.get(ACTIVE_KEY)
    if isinstance(active, Inference):
        return active.prediction
    return scope_of(context).last


@guarded("logs.correlate")
def _correlate(record: logging.LogRecord) -> None:
    context = get_current()
    # Outside of a request nothing tells when the last prediction stops being what a line is about.
    if context.get(ACTIVE_KEY) is None and context.get(REQUEST_KEY) is None:
        return
    prediction = current_prediction()
    if prediction is not None:
        record.__dict__[ML_MODEL_NAME] = prediction.model.identity.name
        record.__dict__[ML_PREDICTION_ID] = prediction.id

"""What the caller says of a prediction: an id of its own, who asks, and when it happened. All off by default."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from opentelemetry import baggage
from opentelemetry.context import Context

from otel_ml.config import Config
from otel_ml.ids import new_prediction_id, valid_prediction_id
from otel_ml.request import Request, Scope
from otel_ml.signals.event_time import to_nanoseconds
from otel_ml.signals.record import Attributes

if TYPE_CHECKING:
    from otel_ml.runtime import Runtime

ID_HEADER = "ml-prediction-id"


def prediction_id(config: Config, scope: Scope, given: object) -> str:
    """The caller's id from an argument, or from a trusted header for a request's first prediction; else a new one."""
    if (found := valid_prediction_id(given)) is not None:
        return found
    if config.trust_id_header and isinstance(scope, Request) and not scope.ids:
        found = valid_prediction_id(scope.header(ID_HEADER.encode()))
        if found is not None:
            return found
    return new_prediction_id()


def event_time(config: Config, scope: Scope, given: object) -> tuple[int, bool]:
    """When the prediction happened, in nanoseconds since 1970: an argument, the configured header, or now.

    With it, whether that is known: a time that was to be told, and was not or can not be read, is not.
    """
    found = to_nanoseconds(given)
    source = config.event_time
    if found is None and source is not None and source.source == "header" and isinstance(scope, Request):
        found = to_nanoseconds(scope.header(source.name.encode()))
    return (time.time_ns(), given is None and source is None) if found is None else (found, True)


def attributes(active: Runtime, scope: Scope, context: Context) -> Attributes:
    """Declared request headers and baggage keys as attributes, under the privacy policy."""
    config = active.config
    if not config.context_headers and not config.context_baggage:
        return {}
    found: Attributes = {}
    for attribute, key in config.context_baggage.items():
        value = baggage.get_baggage(key, context)
        if isinstance(value, (int, float)) and abs(value) < 2**63:  # a huge one can not be printed
            value = str(value)
        if isinstance(value, str):
            found[attribute] = active.policy.text(value)
    if isinstance(scope, Request):
        for attribute, name in config.context_headers.items():
            value = scope.header(name.encode())
            if value:
                found[attribute] = active.policy.text(value)
    return found


def response_header(ids: list[str]) -> bytes:
    """The value of the response header: the request's ids, its first inference's before a comma."""
    return ",".join(ids).encode("latin-1", "replace")

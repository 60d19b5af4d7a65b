"""What tests ask of spans: the server's, the models', and who is whose child."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from tests.support.telemetry import Telemetry
from tests.support.wait import eventually


def server_spans(telemetry: Telemetry, count: int = 1) -> list[ReadableSpan]:
    """The server spans, once there are as many: they end after the client has its answer."""

    def ended() -> list[ReadableSpan]:
        return [span for span in telemetry.spans() if span.kind is SpanKind.SERVER]

    eventually(lambda: len(ended()) >= count, interval=0.02, what=f"{count} server spans")
    found = ended()
    assert len(found) == count, [span.name for span in found]
    return found


def model_spans(telemetry: Telemetry, count: int = 0) -> list[ReadableSpan]:
    """Spans of predictions in the order of their end, once there are at least as many: some end after the server's."""

    def ended() -> list[ReadableSpan]:
        return [span for span in telemetry.spans() if "ml.prediction.id" in (span.attributes or {})]

    eventually(lambda: len(ended()) >= count, interval=0.02, what=f"{count} spans of models")
    return ended()


def prediction_ids(telemetry: Telemetry) -> list[str]:
    """Ids on the models' spans, each once, in the order of the spans' start."""
    spans = sorted(model_spans(telemetry), key=lambda span: span.start_time or 0)
    return list(dict.fromkeys(str((span.attributes or {})["ml.prediction.id"]) for span in spans))


def ancestors(span: ReadableSpan, telemetry: Telemetry) -> list[ReadableSpan]:
    """Parent, grandparent and so on, as far as they have ended."""
    known = {found.context.span_id: found for found in telemetry.spans()}
    line: list[ReadableSpan] = []
    while span.parent is not None and span.parent.span_id in known:
        span = known[span.parent.span_id]
        line.append(span)
    return line

"""Ask Jaeger for traces, through the HTTP API that its own web page uses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

MICROSECONDS = 1e-6


@dataclass(frozen=True)
class SpanEvent:
    """A timestamped event on a span."""

    name: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """One stored span."""

    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits
    parent_id: str | None
    name: str
    kind: str  # server, client, internal, …
    service: str
    start: float  # seconds since the epoch
    duration: float  # seconds
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: tuple[SpanEvent, ...]


class JaegerQueries:
    """Queries; mixed into the server, which knows the URL."""

    url: str

    def trace(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace, or none where it is unknown."""
        response = httpx.get(f"{self.url}/api/traces/{trace_id}", timeout=30)
        if response.status_code == 404:
            return []
        traces = _data(response)
        return _spans(traces[0]) if traces else []

    def find(
        self, service: str, tags: Mapping[str, object] | None = None, *, operation: str | None = None, limit: int = 1500
    ) -> list[list[Span]]:
        """Return the traces in which one span of a service has all of these attributes.

        Args:
            service: `service.name` of the span.
            tags: Attributes of the span or of its resource, all to be equal.
            operation: Name of the span.
            limit: At most so many traces, latest first.
        """
        parameters: dict[str, str | int] = {"service": service, "limit": limit, "lookback": "custom", "start": 0}
        parameters["end"] = 2**62 // 1000
        if operation:
            parameters["operation"] = operation
        if tags:
            parameters["tags"] = json.dumps({key: _as_text(value) for key, value in tags.items()})
        response = httpx.get(f"{self.url}/api/traces", params=parameters, timeout=60)
        return [_spans(trace) for trace in _data(response)]

    def services(self) -> list[str]:
        """Return the names of all services that have sent a span."""
        return list(_data(httpx.get(f"{self.url}/api/services", timeout=30)))


def _data(response: httpx.Response) -> list[Any]:
    response.raise_for_status()
    return response.json()["data"] or []


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spans(trace: dict[str, Any]) -> list[Span]:
    return [_span(span, trace["processes"][span["processID"]]) for span in trace["spans"]]


def _span(span: dict[str, Any], process: dict[str, Any]) -> Span:
    attributes = _attributes(span["tags"])
    parents = [ref["spanID"] for ref in span["references"] or () if ref["refType"] == "CHILD_OF"]
    events = []
    for log in span["logs"] or ():
        fields = _attributes(log["fields"])
        events.append(SpanEvent(fields.pop("event", ""), fields))
    return Span(
        trace_id=span["traceID"],
        span_id=span["spanID"],
        parent_id=parents[0] if parents else None,
        name=span["operationName"],
        kind=attributes.pop("span.kind", "internal"),
        service=process["serviceName"],
        start=span["startTime"] * MICROSECONDS,
        duration=span["duration"] * MICROSECONDS,
        attributes=attributes,
        resource=_attributes(process["tags"] or ()),
        events=tuple(events),
    )


def _attributes(tags: Any) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in tags}

"""The three OTLP signals: what is sent where, how it is decoded, and how errors are answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from otel_ml.service.consumer import Busy, Consumer


class Malformed(ValueError):
    """A message that cannot be decoded; sending it again is no use."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One of traces, metrics, logs: its addresses, its messages and its way into a consumer."""

    path: str
    service: str
    request: type[Message]
    response: type[Message]
    consume: Callable[[Consumer, Any], None]

    def parse(self, data: bytes) -> Message:
        """Decodes a protobuf request; raises `Malformed`."""
        try:
            return self.request.FromString(data)
        except DecodeError as error:
            raise Malformed(f"not an {self.request.DESCRIPTOR.name}: {error}") from None

    def parse_json(self, data: bytes) -> Message:
        """Decodes an OTLP/JSON request; raises `Malformed`."""
        try:
            content = json.loads(data)
            if not isinstance(content, dict):
                raise TypeError("not an object")
            return json_format.ParseDict(_with_base64_ids(content), self.request(), ignore_unknown_fields=True)
        except (ValueError, TypeError, AttributeError, RecursionError, json_format.ParseError) as error:
            raise Malformed(f"not an {self.request.DESCRIPTOR.name} in JSON: {str(error)[:200]}") from None


TRACES = Signal(
    path="/v1/traces",
    service=trace_service_pb2.DESCRIPTOR.services_by_name["TraceService"].full_name,
    request=trace_service_pb2.ExportTraceServiceRequest,
    response=trace_service_pb2.ExportTraceServiceResponse,
    consume=lambda consumer, request: consumer.consume_traces(request),
)
METRICS = Signal(
    path="/v1/metrics",
    service=metrics_service_pb2.DESCRIPTOR.services_by_name["MetricsService"].full_name,
    request=metrics_service_pb2.ExportMetricsServiceRequest,
    response=metrics_service_pb2.ExportMetricsServiceResponse,
    consume=lambda consumer, request: consumer.consume_metrics(request),
)
LOGS = Signal(
    path="/v1/logs",
    service=logs_service_pb2.DESCRIPTOR.services_by_name["LogsService"].full_name,
    request=logs_service_pb2.ExportLogsServiceRequest,
    response=logs_service_pb2.ExportLogsServiceResponse,
    consume=lambda consumer, request: consumer.consume_logs(request),
)
SIGNALS = (TRACES, METRICS, LOGS)


def status(code: int, message: str, busy: Busy | None = None) -> Status:
    """The error body of both transports, with the time to wait when the consumer is busy.

    Args:
        code: A gRPC status code.
        message: What went wrong, for the sender's developer.
        busy: Adds its `retry_after`; without it senders give up on some codes.
    """
    answer = Status(code=code, message=message)
    if busy is not None:
        delay = Duration()
        delay.FromNanoseconds(int(busy.retry_after * 1e9))
        answer.details.add().Pack(RetryInfo(retry_delay=delay))
    return answer


# OTLP/JSON departs from protobuf's JSON mapping in one point: ids are hex, not base64.
_ID_BYTES = {"traceId": 16, "spanId": 8, "parentSpanId": 8, "trace_id": 16, "span_id": 8, "parent_span_id": 8}


def _with_base64_ids(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _base64_id(key, value) if key in _ID_BYTES else _with_base64_ids(value) for key, value in node.items()
        }
    if isinstance(node, list):
        return [_with_base64_ids(value) for value in node]
    return node


def _base64_id(key: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    identifier = bytes.fromhex(value)
    if len(identifier) != _ID_BYTES[key]:
        raise ValueError(f"{key} must be {2 * _ID_BYTES[key]} hex digits")
    return base64.b64encode(identifier).decode()

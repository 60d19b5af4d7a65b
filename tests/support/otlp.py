"""The fixture `otlp_sink`: a real OTLP endpoint that keeps what services send, for the test to ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_ml.service.consumer import Request
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Log, Point, Span, read_logs, read_points, read_spans
from tests.support.livecheck import LiveCheck
from tests.support.wait import PATIENCE

Protocol = Literal["grpc", "http/protobuf"]


class OtlpSink:
    """Keeps every message, in the order of arrival. Thread-safe.

    Attributes:
        receiver: The endpoint, on free ports.
    """

    def __init__(self) -> None:
        self.receiver = Receiver(self, grpc_port=0, http_port=0)
        self._changed = threading.Condition()
        self._messages: list[Request] = []

    def put(self, request: Request) -> None:
        """Takes a message from the receiver."""
        with self._changed:
            self._messages.append(request)
            self._changed.notify_all()

    consume_traces = put
    consume_metrics = put
    consume_logs = put

    def messages(self) -> list[Request]:
        """Everything received."""
        with self._changed:
            return list(self._messages)

    def take(self) -> list[Request]:
        """Everything received, which is forgotten here."""
        with self._changed:
            messages, self._messages = self._messages, []
            return messages

    def spans(self, name: str | None = None) -> list[Span]:
        """Spans received, in the order of arrival."""
        found = (message for message in self.messages() if isinstance(message, ExportTraceServiceRequest))
        return [span for message in found for span in read_spans(message) if name in (None, span.name)]

    def logs(self) -> list[Log]:
        """Log records received, events and others."""
        found = (message for message in self.messages() if isinstance(message, ExportLogsServiceRequest))
        return [log for message in found for log in read_logs(message)]

    def events(self, name: str | None = None) -> list[Log]:
        """Log records with an event name."""
        return [log for log in self.logs() if log.event and name in (None, log.event)]

    def metric_points(self, name: str, *, latest: bool = True) -> list[Point]:
        """Points of a metric.

        Args:
            name: Of the metric.
            latest: Only the newest point of each series; exemplars, which are sent once, are those of all its points.
        """
        found = (message for message in self.messages() if isinstance(message, ExportMetricsServiceRequest))
        points = [point for message in found for point in read_points(message) if point.metric == name]
        if not latest:
            return points
        newest: dict[tuple[object, ...], Point] = {}
        for point in sorted(points, key=lambda point: point.time):
            known = newest.get(point.series)
            newest[point.series] = replace(point, exemplars=(*(known.exemplars if known else ()), *point.exemplars))
        return list(newest.values())

    def wait_for(self, condition: Callable[[OtlpSink], object], timeout: float = PATIENCE) -> None:
        """Returns once the condition holds; looks again whenever a message comes.

        Raises:
            AssertionError: It did not hold within `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), timeout):
                kinds = {kind.__name__: 0 for kind in map(type, self._messages)}
                for message in self._messages:
                    kinds[type(message).__name__] += 1
                raise AssertionError(f"not received within {timeout:g} s; received so far: {kinds or 'nothing'}")

    def env(self, protocol: Protocol = "grpc") -> dict[str, str]:
        """Environment of a service that is to send here, without delay."""
        endpoint = self.receiver.grpc_endpoint if protocol == "grpc" else self.receiver.http_endpoint
        assert endpoint is not None, "the sink has not been started"
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_TIMEOUT": "30",
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_BLRP_SCHEDULE_DELAY": "200",
        }


@pytest.fixture
def otlp_sink(live_check: LiveCheck) -> Iterator[OtlpSink]:
    """An OTLP endpoint; all it received goes through the live check when the test ends."""
    sink = OtlpSink()
    with sink.receiver:
        yield sink
    for message in sink.take():
        live_check.check(message)

"""Send telemetry on, as it came, to another OTLP endpoint: your own Collector."""

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_ml.service.consumer import Busy, Consumer, Request

TIMEOUT_SECONDS = 10.0
PATHS = {
    ExportTraceServiceRequest: "/v1/traces",
    ExportMetricsServiceRequest: "/v1/metrics",
    ExportLogsServiceRequest: "/v1/logs",
}


class Forward:
    """Posts OTLP messages to an endpoint.

    Args:
        endpoint: Of OTLP over HTTP, such as `http://127.0.0.1:4318`.
    """

    def __init__(self, endpoint: str) -> None:
        self._client = httpx.Client(base_url=endpoint, timeout=TIMEOUT_SECONDS)

    def post(self, request: Request) -> None:
        """Return when the endpoint has taken it.

        Raises:
            Busy: It has not: whoever sent the message tries again.
        """
        headers = {"content-type": "application/x-protobuf"}
        try:
            body = request.SerializeToString()
            self._client.post(PATHS[type(request)], content=body, headers=headers).raise_for_status()
        except httpx.HTTPError:
            raise Busy from None

    def before(self, consumer: Consumer) -> Consumer:
        """A consumer that posts each message, and then hands it to another one."""
        return _Both(self, consumer)


class _Both:
    def __init__(self, forward: Forward, consumer: Consumer) -> None:
        self._forward = forward
        self._consumer = consumer

    def consume_traces(self, request: ExportTraceServiceRequest) -> None:
        self._forward.post(request)
        self._consumer.consume_traces(request)

    def consume_metrics(self, request: ExportMetricsServiceRequest) -> None:
        self._forward.post(request)
        self._consumer.consume_metrics(request)

    def consume_logs(self, request: ExportLogsServiceRequest) -> None:
        self._forward.post(request)
        self._consumer.consume_logs(request)

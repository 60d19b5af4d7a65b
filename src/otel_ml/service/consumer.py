"""What stands behind the receiver: the consumer interface, and a bounded queue that implements it."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol, TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Request: TypeAlias = ExportTraceServiceRequest | ExportMetricsServiceRequest | ExportLogsServiceRequest


class Busy(Exception):
    """Raised by a consumer that cannot take a message now: the sender is told to try again.

    Args:
        retry_after: Seconds after which the sender may try again.
    """

    def __init__(self, retry_after: float = 1.0) -> None:
        super().__init__(f"busy, try again in {retry_after:g} s")
        self.retry_after = retry_after


class Consumer(Protocol):
    """Takes OTLP messages from the receiver's worker threads, several at a time.

    A method returns once the message is safely taken: only then does the sender get its acknowledgement and forget
    the data. It must not block for long; a consumer that is behind raises `Busy`.
    """

    def consume_traces(self, request: ExportTraceServiceRequest, /) -> None:
        """Takes spans."""

    def consume_metrics(self, request: ExportMetricsServiceRequest, /) -> None:
        """Takes metric points."""

    def consume_logs(self, request: ExportLogsServiceRequest, /) -> None:
        """Takes log records, events among them."""


class QueueConsumer:
    """A consumer that queues messages for one reader, within bounds, and is `Busy` beyond them.

    Args:
        max_messages: How many messages may wait.
        max_bytes: How many bytes of encoded messages may wait. A message larger than this is taken by an empty queue,
            or it could never be delivered.
        retry_after: Seconds after which a refused sender may try again.

    Example:
        >>> from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        >>> queue = QueueConsumer(max_messages=1)
        >>> queue.consume_traces(ExportTraceServiceRequest())
        >>> queue.consume_traces(ExportTraceServiceRequest())
        Traceback (most recent call last):
        otel_ml.service.consumer.Busy: busy, try again in 1 s
        >>> len(queue.take(timeout=0)), queue.refused
        (1, 1)
    """

    def __init__(
        self, max_messages: int = 1_000, max_bytes: int = 64 * 1024 * 1024, *, retry_after: float = 1.0
    ) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._retry_after = retry_after
        self._waiting: deque[Request] = deque()
        self._bytes = 0
        self._refused = 0
        self._changed = threading.Condition()

    @property
    def refused(self) -> int:
        """How many messages were refused so far; their senders keep them and try again."""
        return self._refused

    def put(self, request: Request) -> None:
        """Queues a message.

        Raises:
            Busy: The queue is full.
        """
        size = request.ByteSize()
        with self._changed:
            full = len(self._waiting) >= self._max_messages or self._bytes + size > self._max_bytes
            if self._waiting and full:
                self._refused += 1
                raise Busy(self._retry_after)
            self._waiting.append(request)
            self._bytes += size
            self._changed.notify()

    consume_traces = put
    consume_metrics = put
    consume_logs = put

    def take(self, timeout: float, limit: int = 100) -> list[Request]:
        """Takes up to `limit` messages, oldest first; waits up to `timeout` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout)
            taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
            self._bytes -= sum(request.ByteSize() for request in taken)
            return taken

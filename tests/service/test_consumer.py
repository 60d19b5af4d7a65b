"""The bounded queue between the receiver and its reader."""

import threading

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_ml.service.consumer import Busy, QueueConsumer
from tests.support.wait import PATIENCE


def message(size: int = 10) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().schema_url = "x" * size
    return request


def test_takes_in_order_and_up_to_a_limit() -> None:
    queue = QueueConsumer()
    sent = [message(size) for size in (1, 2, 3)]
    for each in sent:
        queue.consume_traces(each)
    assert queue.take(timeout=0, limit=2) == sent[:2]
    assert queue.take(timeout=0) == sent[2:]
    assert queue.take(timeout=0) == []


def test_is_busy_beyond_the_number_of_messages_until_some_are_taken() -> None:
    queue = QueueConsumer(max_messages=2, retry_after=0.5)
    queue.put(message())
    queue.put(message())
    with pytest.raises(Busy) as busy:
        queue.put(message())
    assert busy.value.retry_after == 0.5
    assert queue.refused == 1
    queue.take(timeout=0, limit=1)
    queue.put(message())


def test_is_busy_beyond_the_number_of_bytes() -> None:
    queue = QueueConsumer(max_bytes=1_000)
    queue.put(message(600))
    with pytest.raises(Busy):
        queue.put(message(600))
    queue.take(timeout=0)
    queue.put(message(600))


def test_takes_a_message_larger_than_the_queue_or_it_would_be_retried_for_ever() -> None:
    queue = QueueConsumer(max_bytes=100)
    queue.put(message(5_000))
    assert len(queue.take(timeout=0)) == 1


def test_wakes_a_waiting_reader() -> None:
    queue = QueueConsumer()
    taken: list[int] = []
    reader = threading.Thread(target=lambda: taken.append(len(queue.take(timeout=PATIENCE))))
    reader.start()
    queue.put(message())
    reader.join(PATIENCE)
    assert taken == [1]

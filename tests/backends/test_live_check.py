"""What goes to the backends is under the live check of the conventions, too."""

import os

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.semconv.messages import ROW, span, wrap
from tests.support.backends import Stack
from tests.support.livecheck import LiveCheck
from tests.support.telemetry import registry
from tests.support.wait import PATIENCE

pytestmark = pytest.mark.backends


@pytest.fixture
def live_check() -> LiveCheck:
    """Breaking the conventions is meant here, and no name counts as emitted because of it."""
    return LiveCheck(registry())


def test_the_check_has_what_the_collector_accepted_when_the_sender_is_told(stack: Stack, live_check: LiveCheck) -> None:
    message = span({**ROW, "ml.model.nickname": "c"})
    message.trace_id, message.span_id = os.urandom(16), os.urandom(8)
    request = ExportTraceServiceRequest(resource_spans=[wrap(message)])
    headers = {"Content-Type": "application/x-protobuf"}
    httpx.post(
        f"{stack.collector.http_url}/v1/traces",
        content=request.SerializeToString(),
        headers=headers,
        timeout=PATIENCE,
    ).raise_for_status()
    for accepted in stack.accepted.take():
        live_check.check(accepted)
    assert [finding.rule for finding in live_check.findings] == ["unknown_attribute"]

"""The receiver in front of the real exporters of the SDK, and of senders that do it wrong."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics
from otel_ml.service import http_server
from otel_ml.service.consumer import Busy, QueueConsumer, Request
from otel_ml.service.otlp import SIGNALS, TRACES
from otel_ml.service.receiver import Receiver, ReceiverError
from otel_ml.service.records import read_spans
from tests.support.otlp import OtlpSink
from tests.support.traffic import Traffic
from tests.support.wait import PATIENCE

LIMIT = 64 * 1024
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


class Moody:
    """A consumer that takes messages, or raises what it is told to."""

    def __init__(self) -> None:
        self.mood: Exception | None = None
        self.taken: list[Request] = []

    def put(self, request: Request) -> None:
        if self.mood is not None:
            raise self.mood
        self.taken.append(request)

    consume_traces = consume_metrics = consume_logs = put


@pytest.fixture
def consumer() -> Moody:
    return Moody()


@pytest.fixture
def receiver(consumer: Moody) -> Iterator[Receiver]:
    with Receiver(consumer, grpc_port=0, http_port=0, max_message_bytes=LIMIT) as receiver:
        yield receiver


@pytest.fixture
def http(receiver: Receiver) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=str(receiver.http_endpoint), trust_env=False, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def export(receiver: Receiver) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        yield channel.unary_unary(f"/{TRACES.service}/Export")


def spans(number: int = 1, name: str = "x") -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for _ in range(number):
        scope.spans.add(name=name, trace_id=bytes(range(16)), span_id=bytes(range(8)))
    return request


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_takes_all_signals_from_the_sdks_exporters(otlp_sink: OtlpSink, protocol: Any, packed: bool) -> None:
    endpoint = otlp_sink.env(protocol)["OTEL_EXPORTER_OTLP_ENDPOINT"]
    with closing(Traffic(endpoint, protocol, gzip=packed)) as traffic:
        identifier = traffic.predict({"age": 42, "income": None}, {names.ML_OUTPUT_LABEL: "yes"})
        traffic.flush()
        model, server = otlp_sink.spans("predict late-flights"), otlp_sink.spans("POST /predict")
        [event] = otlp_sink.events(events.EVENT_ML_PREDICTION)
        assert [span.attributes[names.ML_PREDICTION_ID] for span in model] == [identifier]
        assert [span.span_id for span in server] == [model[0].parent_id]
        assert (event.trace_id, event.span_id, event.sampled) == (model[0].trace_id, model[0].span_id, True)
        assert event.attributes[names.ML_FEATURE_NULL_NAMES] == ["income"]
        [duration] = otlp_sink.metric_points(metrics.ML_INFERENCE_DURATION.name)
        assert duration.count == 1
        assert [exemplar.trace_id for exemplar in duration.exemplars] == [event.trace_id]
        observed = otlp_sink.metric_points(metrics.ML_FEATURE_OBSERVATIONS.name)
        assert {
            (p.attributes[names.ML_FEATURE_NAME], p.attributes[names.ML_FEATURE_BIN]): p.value for p in observed
        } == {
            ("age", "value"): 1,
            ("age", "null"): 0,
            ("income", "value"): 0,
            ("income", "null"): 1,
        }


def test_a_busy_consumer_delays_the_sdks_exporters_and_loses_nothing(consumer: Moody, receiver: Receiver) -> None:
    consumer.mood = Busy(retry_after=0.1)
    for protocol, endpoint in (("grpc", receiver.grpc_endpoint), ("http/protobuf", receiver.http_endpoint)):
        with closing(Traffic(str(endpoint), protocol)) as traffic:
            traffic.predict({"a": 1})
            patience = threading.Timer(0.5, lambda: setattr(consumer, "mood", None))
            patience.start()
            traffic.flush()
        found = [
            span.name
            for request in consumer.taken
            if isinstance(request, ExportTraceServiceRequest)
            for span in read_spans(request)
        ]
        assert sorted(found) == ["POST /predict", "predict late-flights"], protocol
        consumer.taken.clear()
        consumer.mood = Busy(retry_after=0.1)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.path)
def test_http_answers_with_the_signals_own_response(http: httpx.Client, consumer: Moody, signal: Any) -> None:
    answer = http.post(signal.path, content=b"", headers=PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert signal.response.FromString(answer.content) == signal.response()
    assert [type(request) for request in consumer.taken] == [signal.request]


def test_http_says_when_to_try_again(http: httpx.Client, consumer: Moody) -> None:
    consumer.mood = Busy(retry_after=2.5)
    answer = http.post("/v1/traces", content=b"", headers=PROTOBUF)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert retry_seconds(Status.FromString(answer.content)) == 2.5


def test_grpc_says_when_to_try_again(export: Any, consumer: Moody) -> None:
    consumer.mood = Busy(retry_after=2.5)
    with pytest.raises(grpc.RpcError) as failed:
        export(b"", timeout=PATIENCE)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    details = dict(failed.value.trailing_metadata())["grpc-status-details-bin"]
    assert retry_seconds(Status.FromString(details)) == 2.5


def retry_seconds(status: Status) -> float:
    retry = RetryInfo()
    assert status.details[0].Unpack(retry)
    return float(retry.retry_delay.ToNanoseconds() / 1e9)


@pytest.mark.parametrize("error", [RuntimeError("broken"), ValueError("broken"), TimeoutError("broken")])
def test_a_consumer_that_fails_is_the_servers_error_and_does_not_end_it(
    http: httpx.Client, export: Any, consumer: Moody, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    consumer.mood = error
    assert http.post("/v1/traces", content=b"", headers=PROTOBUF).status_code == 500
    with pytest.raises(grpc.RpcError) as failed:
        export(b"", timeout=PATIENCE)
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert "broken" not in failed.value.details()
    assert "broken" in caplog.text
    consumer.mood = None
    assert http.post("/v1/traces", content=b"", headers=PROTOBUF).status_code == 200
    assert export(b"", timeout=PATIENCE) == ExportTraceServiceResponse().SerializeToString()


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({}, b"", 415),
        ({"content-type": "text/plain"}, b"", 415),
        ({**PROTOBUF, "content-encoding": "br"}, b"", 415),
        ({**PROTOBUF, "content-encoding": "gzip"}, b"not gzip", 400),
        ({**PROTOBUF, "content-encoding": "gzip"}, gzip.compress(b"12345")[:-9], 400),
        ({**PROTOBUF, "content-encoding": "gzip"}, gzip.compress(bytes(LIMIT + 1)), 413),
        (PROTOBUF, bytes(LIMIT + 1), 413),
        (PROTOBUF, b"\xff\xff", 400),
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        (JSON, b"null", 400),
        (JSON, b"\xff", 400),
        (JSON, b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}', 400),
        (JSON, b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abcd"}]}]}]}', 400),
        (JSON, b'{"resourceSpans":' + b"[" * 20_000, 400),
    ],
)
def test_http_refuses_with_a_status_that_says_why(
    http: httpx.Client, consumer: Moody, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = http.post("/v1/traces", content=content, headers=headers)
    assert answer.status_code == status
    if answer.headers["content-type"] == "application/json":
        assert answer.json()["message"]
    else:
        assert Status.FromString(answer.content).message
    assert consumer.taken == []


def test_http_refuses_a_body_that_grows_too_large_without_a_length(http: httpx.Client, consumer: Moody) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(LIMIT // 1_024 + 1):
            yield bytes(1_024)

    assert http.post("/v1/traces", content=body(), headers=PROTOBUF).status_code == 413
    assert consumer.taken == []


def test_http_knows_its_paths_and_methods(http: httpx.Client) -> None:
    assert http.get("/v1/traces").status_code == 405
    assert http.post("/v1/profiles", content=b"", headers=PROTOBUF).status_code == 404


def test_a_request_that_dies_half_way_leaves_the_server_well(
    receiver: Receiver, http: httpx.Client, consumer: Moody
) -> None:
    with socket.create_connection(("127.0.0.1", receiver.http_port or 0)) as sock:
        sock.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 99\r\n\r\nab"
        )
    assert http.post("/v1/traces", content=b"", headers=PROTOBUF).status_code == 200
    assert len(consumer.taken) == 1


def test_a_body_that_never_comes_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_BODY_SECONDS", 0.2)
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", receiver.http_port or 0), timeout=PATIENCE) as sock:
        sock.sendall(head)
        assert sock.recv(100).startswith(b"HTTP/1.1 408 ")


def test_json_ids_are_hex_and_attributes_named_like_ids_are_left_alone(http: httpx.Client, consumer: Moody) -> None:
    span = {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "eee19b7ec3c1b174",
        "parentSpanId": "",
        "name": "POST /predict",
        "kind": 2,
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661000000000",
        "attributes": [{"key": "traceId", "value": {"stringValue": "not hex"}}],
        "links": [{"traceId": "00" * 16, "spanId": "01" * 8}],
        "unknown": 1,
    }
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = http.post(
        "/v1/traces", content=json.dumps(body), headers={"content-type": "application/json; charset=utf-8"}
    )
    assert (answer.status_code, answer.json()) == (200, {})
    [request] = consumer.taken
    assert isinstance(request, ExportTraceServiceRequest)
    [found] = read_spans(request)
    assert (found.trace_id, found.span_id, found.parent_id) == (
        "5b8efff798038103d269b633813fc60c",
        "eee19b7ec3c1b174",
        "",
    )
    assert (found.kind, found.seconds, found.attributes) == ("server", 1.0, {"traceId": "not hex"})
    assert request.resource_spans[0].scope_spans[0].spans[0].links[0].span_id == b"\x01" * 8


def test_grpc_refuses_malformed_and_too_large_messages(export: Any, consumer: Moody) -> None:
    for content, code in (
        (b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
        (bytes(LIMIT + 1), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ):
        with pytest.raises(grpc.RpcError) as failed:
            export(content, timeout=PATIENCE)
        assert failed.value.code() is code
    with pytest.raises(grpc.RpcError) as failed:
        export(bytes(50 * LIMIT), timeout=PATIENCE, compression=grpc.Compression.Gzip)
    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert consumer.taken == []


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MESSAGES = st.sampled_from([spans(3), ExportMetricsServiceRequest(), ExportLogsServiceRequest()])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid message with a few bytes changed, or any bytes."""
    data = bytearray(draw(st.one_of(st.binary(max_size=200), MESSAGES.map(lambda m: m.SerializeToString()))))
    for _ in range(draw(st.integers(0, 3)) if data else 0):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@FUZZ
@given(
    content=damaged(),
    path=st.sampled_from([signal.path for signal in SIGNALS]),
    content_type=st.sampled_from(["application/x-protobuf", "application/json", "", "a/b"]),
    encoding=st.sampled_from(["", "identity", "gzip", "deflate", "zstd", "gzip, gzip"]),
    pack=st.booleans(),
)
def test_http_survives_any_body(
    http: httpx.Client, content: bytes, path: str, content_type: str, encoding: str, pack: bool
) -> None:
    headers = {"content-type": content_type, "content-encoding": encoding}
    answer = http.post(path, content=gzip.compress(content) if pack else content, headers=headers)
    assert answer.status_code in (200, 400, 415)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "attributes", "key", "value", "kind"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@FUZZ
@given(value=json_values)
def test_http_survives_any_json(http: httpx.Client, value: Any) -> None:
    assert http.post("/v1/traces", content=json.dumps(value), headers=JSON).status_code in (200, 400)


@FUZZ
@given(content=damaged())
def test_grpc_survives_any_message(export: Any, content: bytes) -> None:
    code = None
    try:
        export(content, timeout=PATIENCE)
    except grpc.RpcError as error:
        code = error.code()
    assert code in (None, grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("transport", ["gRPC", "HTTP"])
def test_a_taken_port_is_said_and_leaves_nothing_behind(receiver: Receiver, transport: str) -> None:
    second = Receiver(QueueConsumer(), grpc_port=0, http_port=0)
    if transport == "gRPC":
        port = second.grpc_port = receiver.grpc_port
    else:
        port = second.http_port = receiver.http_port
    with pytest.raises(ReceiverError, match=f"{transport} on 127.0.0.1:{port}: the port is taken"):
        second.start()
    other = second.http_port if transport == "gRPC" else second.grpc_port
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", other or 0))


@pytest.mark.parametrize(
    ("host", "port", "reason"), [("127.0.0.1", 70_000, "up to 65535"), ("nowhere.invalid", 0, "nowhere.invalid")]
)
def test_an_address_that_cannot_be_served_is_said(host: str, port: int, reason: str) -> None:
    with pytest.raises(ReceiverError, match=reason):
        Receiver(QueueConsumer(), host, grpc_port=port, http_port=None).start()


@pytest.mark.parametrize("transport", ["gRPC", "HTTP"])
def test_serves_one_transport_only(transport: str) -> None:
    grpc_port, http_port = (0, None) if transport == "gRPC" else (None, 0)
    with Receiver(QueueConsumer(), grpc_port=grpc_port, http_port=http_port) as receiver:
        endpoints = {"gRPC": receiver.grpc_endpoint, "HTTP": receiver.http_endpoint}
    assert [name for name, endpoint in endpoints.items() if endpoint] == [transport]


def has_ipv6() -> bool:
    """Whether this machine has the loopback address; many containers have none, though Python can speak IPv6."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def test_serves_ipv6_or_says_that_there_is_none() -> None:
    receiver = Receiver(QueueConsumer(), "::1", grpc_port=None, http_port=0)
    if not has_ipv6():
        with pytest.raises(ReceiverError, match="::1"):
            receiver.start()
        return
    with receiver:
        answer = httpx.post(
            f"{receiver.http_endpoint}/v1/logs", content=b"", headers=PROTOBUF, trust_env=False, timeout=PATIENCE
        )
    assert answer.status_code == 200


def test_stops_twice_and_gives_its_ports_back() -> None:
    receiver = Receiver(QueueConsumer(), grpc_port=0, http_port=0)
    receiver.start()
    with pytest.raises(ReceiverError, match="already"):
        receiver.start()
    receiver.stop()
    receiver.stop()
    receiver.start()  # on the same ports
    receiver.stop()


def test_stopping_finishes_the_request_in_work() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(Moody):
        def put(self, request: Request) -> None:
            entered.set()
            leave.wait(PATIENCE)

        consume_traces = put

    receiver = Receiver(Slow(), grpc_port=0, http_port=0)
    receiver.start()
    answers: list[int] = []
    url = f"{receiver.http_endpoint}/v1/traces"
    sender = threading.Thread(
        target=lambda: answers.append(
            httpx.post(url, content=b"", headers=PROTOBUF, trust_env=False, timeout=PATIENCE).status_code
        )
    )
    sender.start()
    assert entered.wait(PATIENCE)
    threading.Timer(0.2, leave.set).start()
    receiver.stop(grace=PATIENCE)
    sender.join(PATIENCE)
    assert answers == [200]

"""Fragments that are merged into the one-node configuration: one more OTLP backend, and redaction for all of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.types import AnyValue

from tests.backends.service import plain_service
from tests.backends.sink import Sink, otlp_sink
from tests.support.backends import Collector
from tests.support.servers import free_port

pytestmark = pytest.mark.backends

MARK = "s3cr3t"
# Names that the stable and the older HTTP conventions use, as the ASGI, FastAPI, httpx and requests instrumentations do.
SENSITIVE = (
    "url.full",
    "url.query",
    "url.path",
    "http.url",
    "http.target",
    "http.user_agent",
    "http.client_ip",
    "http.request.header.authorization",
    "http.request.header.x_api_key",
    "http.response.header.set_cookie",
    "client.address",
    "network.peer.address",
    "net.peer.ip",
    "net.peer.name",
    "net.sock.peer.addr",
    "user_agent.original",
    "enduser.id",
)
KEPT = (
    "/predict/{customer}",
    "ml.feature.value.age",
    "(no route)",
    "http.response.start",
    "by hand",
    "/package.Service/Method",
)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


@contextmanager
def collector(binaries: Path, data: Path, *fragments: str, env: Mapping[str, str]) -> Iterator[Collector]:
    """Run a Collector whose own three backends are not there."""
    nowhere = f"127.0.0.1:{free_port()}"
    absent = {
        "JAEGER_OTLP_ENDPOINT": nowhere,
        "PROMETHEUS_OTLP_URL": f"http://{nowhere}",
        "LOKI_OTLP_URL": f"http://{nowhere}",
    }
    server = Collector(binaries, data / "collector", env={**absent, **env}, fragments=fragments)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def send_like_other_instrumentations(http_url: str) -> None:
    """Send a server span, a failure and a log record as other instrumentations write them, full of secrets."""
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{http_url}/v1/traces")))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{http_url}/v1/logs")))
    attributes: dict[str, AnyValue] = {name: f"{MARK} in {name}" for name in SENSITIVE}
    attributes |= {"http.route": "/predict/{customer}", "ml.feature.value.age": 42}
    with (
        pytest.raises(ValueError, match=MARK),
        tracers.get_tracer("other").start_as_current_span(
            "POST /predict/{customer}", kind=SpanKind.SERVER, attributes=attributes
        ),
    ):
        raise ValueError(f"{MARK} in an exception's message")
    unrouted = {"http.method": "GET", "http.target": f"/{MARK}"}
    tracers.get_tracer("other").start_span(f"GET /{MARK}", kind=SpanKind.SERVER, attributes=unrouted).end()
    message: dict[str, AnyValue] = {"asgi.event.type": "http.response.start"}
    tracers.get_tracer("other").start_span(f"GET /{MARK} http send", attributes=message).end()
    tracers.get_tracer("other").start_span("/package.Service/Method", kind=SpanKind.SERVER).end()
    span = tracers.get_tracer("other").start_span("by hand")
    span.set_status(StatusCode.ERROR, f"{MARK} in a status")
    span.end()
    loggers.get_logger("other").emit(
        severity_number=SeverityNumber.ERROR,
        body="prediction failed",
        attributes={"exception.type": "ValueError", "exception.message": MARK, "exception.stacktrace": MARK},
    )
    tracers.shutdown()
    loggers.shutdown()


def test_each_signal_reaches_one_more_backend_with_its_headers(binaries: Path, tmp_path: Path, sink: Sink) -> None:
    env = {"OTLP_EXTRA_ENDPOINT": sink.url, "OTLP_EXTRA_HEADERS": "{x-api-key: abc=123, x-dataset: models}"}
    with (
        collector(binaries, tmp_path, "extra-otlp.yaml", env=env) as server,
        plain_service(server.grpc_url) as service,
    ):
        sent = service.predict()
        service.flush()
        for path in ("/v1/traces", "/v1/logs"):
            sink.wait_for(sent.prediction_id, path)
        sink.wait_for("ml.inference.duration", "/v1/metrics")

    for post in sink.posts():
        assert (post.headers["x-api-key"], post.headers["x-dataset"]) == ("abc=123", "models")


def test_a_signal_may_have_an_address_of_its_own(binaries: Path, tmp_path: Path, sink: Sink) -> None:
    env = {
        "OTLP_EXTRA_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTLP_EXTRA_LOGS_ENDPOINT": f"{sink.url}/intake/logs",
    }
    with (
        collector(binaries, tmp_path, "extra-otlp.yaml", env=env) as server,
        plain_service(server.grpc_url) as service,
    ):
        sent = service.predict()
        service.flush()
        sink.wait_for(sent.prediction_id, "/intake/logs")

    assert {post.path for post in sink.posts()} == {"/intake/logs"}


def test_without_redaction_everything_is_passed_on(binaries: Path, tmp_path: Path, sink: Sink) -> None:
    env = {"OTLP_EXTRA_ENDPOINT": sink.url}
    with collector(binaries, tmp_path, "extra-otlp.yaml", env=env) as server:
        send_like_other_instrumentations(server.http_url)
        for name in SENSITIVE:
            sink.wait_for(f"{MARK} in {name}")
        sink.wait_for(MARK, "/v1/logs")


# In either order: the one fragment does not undo the other.
@pytest.mark.parametrize("reverse", [False, True])
def test_redaction_takes_out_what_may_identify_and_leaves_the_rest(
    binaries: Path, tmp_path: Path, sink: Sink, reverse: bool
) -> None:
    env = {"OTLP_EXTRA_ENDPOINT": sink.url}
    fragments = sorted(["redact-server-spans.yaml", "extra-otlp.yaml"], reverse=reverse)
    with collector(binaries, tmp_path, *fragments, env=env) as server:
        send_like_other_instrumentations(server.http_url)
        for kept in (
            "/predict/{customer}",
            "ml.feature.value.age",
            "(no route)",
            "http.response.start",
            "by hand",
            "/package.Service",
        ):
            sink.wait_for(kept, "/v1/traces")
        sink.wait_for("prediction failed", "/v1/logs")
        assert sink.received("ValueError", "/v1/traces")
        assert sink.received("ValueError", "/v1/logs")

    assert not sink.received(MARK)

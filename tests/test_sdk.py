"""Who sets the SDK up, each in a process of its own: providers can be set only once."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from tests.support.livecheck import LiveCheck
from tests.support.otlp import OtlpSink
from tests.support.telemetry import registry
from tests.support.wait import PATIENCE

PREDICT = """
import otel_ml

def predict():
    with otel_ml.inference("churn", version="3") as call:
        call.input({"age": 41})
        call.output("stays")
    return call.id
"""

PROVIDERS = """
from opentelemetry import _logs, metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer_provider, logger_provider = TracerProvider(), LoggerProvider()
meter_provider = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
logger_provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
"""


def received(sink: OtlpSink) -> tuple[set[str], bool, bool]:
    """Names of spans, and whether there is an event and a count of predictions."""
    names = {span.name for span in sink.spans()}
    return names, bool(sink.events("ml.prediction")), bool(sink.metric_points("ml.predictions"))


def run(script: str, **env: str) -> str:
    """Run a program in a fresh process, which fails if the program does.

    Returns:
        What it printed, on both streams.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", PREDICT + textwrap.dedent(script)],
        env={**clean, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_it_is_set_up_from_the_environment_when_nobody_has(otlp_sink: OtlpSink) -> None:
    said = run(
        """
        import logging
        logging.basicConfig(level=logging.INFO)
        otel_ml.instrument()
        otel_ml.instrument()
        print("id:", predict())
        """,
        **otlp_sink.env("http/protobuf"),
        OTEL_SERVICE_NAME="script",
    )
    assert said.count("otel-ml set up OpenTelemetry") == 1
    (span,) = otlp_sink.spans()
    assert f"id: {span.attributes['ml.prediction.id']}" in said
    assert span.source.resource["service.name"] == "script"
    (event,) = otlp_sink.events("ml.prediction")
    assert event.trace_id == span.trace_id
    assert [point.value for point in otlp_sink.metric_points("ml.predictions")] == [1]


def test_existing_providers_are_used_and_stay(otlp_sink: OtlpSink) -> None:
    run(
        PROVIDERS
        + """
trace.set_tracer_provider(tracer_provider)
metrics.set_meter_provider(meter_provider)
_logs.set_logger_provider(logger_provider)
otel_ml.instrument()
predict()
assert trace.get_tracer_provider() is tracer_provider
assert metrics.get_meter_provider() is meter_provider
assert _logs.get_logger_provider() is logger_provider
""",
        **otlp_sink.env("http/protobuf"),
    )
    assert received(otlp_sink) == ({"predict churn"}, True, True)


@pytest.mark.parametrize("present", ["traces", "metrics", "logs"])
def test_a_provider_for_one_signal_is_left_alone_and_the_others_are_named(present: str, otlp_sink: OtlpSink) -> None:
    said = run(
        PROVIDERS
        + f"""
import logging
logging.basicConfig(level=logging.INFO)
present = {present!r}
if present == "traces":
    trace.set_tracer_provider(tracer_provider)
elif present == "metrics":
    metrics.set_meter_provider(meter_provider)
else:
    _logs.set_logger_provider(logger_provider)
otel_ml.instrument()
predict()
""",
        **otlp_sink.env("http/protobuf"),
    )
    spans = {"predict churn"} if present == "traces" else set()
    assert received(otlp_sink) == (spans, present == "logs", present == "metrics")
    if present == "logs":
        check = LiveCheck(registry())
        for message in otlp_sink.take():
            check.check(message)
        assert [finding.rule for finding in check.findings] == ["no_span_context"], "there is no span to belong to"
    absent = [signal for signal in ("traces", "metrics", "logs") if signal != present]
    assert f"none is for {', '.join(absent)}" in said


def test_providers_may_be_passed_and_the_global_ones_stay_unset(otlp_sink: OtlpSink) -> None:
    run(
        PROVIDERS
        + """
import asyncio
import httpx
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
def score() -> str:
    return predict()

otel_ml.instrument(
    app, tracer_provider=tracer_provider, meter_provider=meter_provider, logger_provider=logger_provider
)

async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        return await client.get("/")

response = asyncio.run(ask())
assert response.headers["ml-prediction-id"] == response.json()
assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
""",
        **otlp_sink.env("http/protobuf"),
    )
    assert received(otlp_sink) == ({"predict churn", "GET /", "GET / http send"}, True, True)


@pytest.mark.parametrize("variable", ["OTEL_SDK_DISABLED", "OTEL_ML_ENABLED"])
def test_nothing_is_set_up_when_switched_off(variable: str) -> None:
    run(
        """
        from opentelemetry import trace
        otel_ml.instrument()
        assert predict() is None
        assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
        """,
        **{variable: "true" if "SDK" in variable else "false"},
    )


def test_a_wrong_value_stops_the_program_with_a_message_before_anything_is_set_up() -> None:
    run(
        """
        from opentelemetry import trace
        try:
            otel_ml.instrument()
        except otel_ml.ConfigError as error:
            assert str(error).startswith("OTEL_ML_EVENTS: 'most' is not allowed: use all, errors, off"), error
        else:
            raise AssertionError("no error")
        assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
        """,
        OTEL_ML_EVENTS="most",
    )

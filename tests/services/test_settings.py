"""What operators set for a service without code: by the environment, by a file, or wrongly."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path

import httpx
import pytest

from tests.services.process import HEADER, running, uvicorn
from tests.services.received import event_ids, model_spans, predictions, span_ids
from tests.services.serving import REQUEST_SECONDS
from tests.support.otlp import OtlpSink

COUNT = 20
LIGHT = uvicorn("light")


@pytest.mark.parametrize("variable", ["OTEL_ML_ENABLED=false", "OTEL_SDK_DISABLED=true"])
def test_one_variable_switches_it_off(variable: str, otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with running(LIGHT, {**otlp_sink.env(), **dict([variable.split("=")])}, tmp_path) as service:
        response = httpx.get(f"{service.url}/predict/1", timeout=REQUEST_SECONDS)
        if "ML" in variable:  # the SDK alone is killed by SIGTERM before it has sent its last batch
            otlp_sink.wait_for(lambda sink: any(span.kind == "server" for span in sink.spans()))
        service.end()
    assert (response.status_code, HEADER in response.headers) == (200, False)
    assert not model_spans(otlp_sink)
    assert not otlp_sink.events()
    assert any(span.kind == "server" for span in otlp_sink.spans()) == ("ML" in variable)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("OTEL_ML_CAPTURE=output", "OTEL_ML_CAPTURE: 'output' is not allowed"),
        ("OTEL_ML_CAPTRUE=off", "'OTEL_ML_CAPTRUE' is no environment variable of otel-ml"),
    ],
)
def test_a_wrong_value_is_said_and_the_service_serves(
    variable: str, message: str, otlp_sink: OtlpSink, tmp_path: Path
) -> None:
    with running(LIGHT, {**otlp_sink.env(), **dict([variable.split("=")])}, tmp_path) as service:
        response = httpx.get(f"{service.url}/predict/1", timeout=REQUEST_SECONDS)
        service.end()
    assert (response.status_code, HEADER in response.headers) == (200, False)
    assert service.log.read_text().count(message) == 1, service.log_tail()
    assert "Traceback" not in service.log.read_text()


FILE = """
    file_format: "1.0"
    resource:
      attributes: [{{name: service.name, value: from-file}}]
    tracer_provider:
      processors: [{{batch: {{schedule_delay: 200, exporter: {traces}}}}}]
    meter_provider:
      readers: [{{periodic: {{interval: 1000, exporter: {metrics}}}}}]
    logger_provider:
      processors: [{{batch: {{schedule_delay: 200, exporter: {logs}}}}}]
    instrumentation/development:
      python:
        otel_ml: {{capture: outputs, max_events_per_call: 7}}
"""


def configuration(sink: OtlpSink, protocol: str) -> str:
    if protocol == "grpc":
        exporter = f"{{otlp_grpc: {{endpoint: '{sink.receiver.grpc_endpoint}'}}}}"
        return FILE.format(traces=exporter, metrics=exporter, logs=exporter)
    return FILE.format(
        **{
            signal: f"{{otlp_http: {{endpoint: '{sink.receiver.http_endpoint}/v1/{signal}'}}}}"
            for signal in ("traces", "metrics", "logs")
        }
    )


@pytest.mark.parametrize(("protocol", "program"), [("grpc", "light"), ("http", "light"), ("http", "light_in_code")])
def test_a_declarative_file_sets_all_of_it(protocol: str, program: str, otlp_sink: OtlpSink, tmp_path: Path) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(textwrap.dedent(configuration(otlp_sink, protocol)))
    with running(uvicorn(program), {"OTEL_CONFIG_FILE": str(file)}, tmp_path) as service:
        service.predict(COUNT)
        service.end(signal.SIGTERM)
    assert set(service.ids) == set(span_ids(otlp_sink)) == set(event_ids(otlp_sink)), service.log_tail()
    assert len(service.ids) == predictions(otlp_sink) == COUNT
    spans = model_spans(otlp_sink)
    assert {span.source.resource["service.name"] for span in spans} == {"from-file"}
    assert all(span.attributes["ml.output.label"] == "stays" for span in spans)
    assert not [name for span in spans for name in span.attributes if name.startswith("ml.feature.value")]


def test_a_file_holds_for_code_that_sets_up_the_rest(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    """Without `opentelemetry-instrument`: `otel_ml.instrument()` loads the file, its own options included."""
    file = tmp_path / "otel.yaml"
    file.write_text(textwrap.dedent(configuration(otlp_sink, "grpc")))
    with running(uvicorn("light_in_code")[1:], {"OTEL_CONFIG_FILE": str(file)}, tmp_path) as service:
        service.predict(COUNT)
        service.end()
    spans = model_spans(otlp_sink)
    assert len(spans) == COUNT, service.log_tail()
    assert not [name for span in spans for name in span.attributes if name.startswith("ml.feature.value")]


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        (uvicorn("light"), "enabled: false", ""),
        (uvicorn("light_in_code"), "enabled: false", ""),
        (uvicorn("light_in_code")[1:], "enabled: false", ""),
        (uvicorn("light"), "capture: outputs, feature_denyy: ['*']", "did you mean 'feature_deny'?"),
        (uvicorn("light"), "capture: output", "did you mean 'outputs'?"),
    ],
    ids=["off", "off, code asks for it too", "off, code alone", "misspelt option", "wrong value"],
)
def test_what_a_file_switches_off_or_misspells_sends_nothing(
    command: list[str], options: str, message: str, otlp_sink: OtlpSink, tmp_path: Path
) -> None:
    file = tmp_path / "otel.yaml"
    text = textwrap.dedent(configuration(otlp_sink, "grpc"))
    text = text.replace("capture: outputs, max_events_per_call: 7", options)
    # Without one every request fails upstream, which is mended only where otel-ml is on.
    file.write_text(text + "propagator:\n  composite: [{tracecontext: }]\n")
    with running(command, {"OTEL_CONFIG_FILE": str(file)}, tmp_path) as service:
        response = httpx.get(f"{service.url}/predict/1", timeout=REQUEST_SECONDS)
        service.end()
    assert (response.status_code, HEADER in response.headers) == (200, False)
    assert not model_spans(otlp_sink)
    assert not otlp_sink.events()
    log = service.log.read_text()
    assert message in log
    assert "Traceback" not in log


def test_a_service_without_propagators_serves(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with running(LIGHT, {**otlp_sink.env(), "OTEL_PROPAGATORS": "none"}, tmp_path) as service:
        service.predict(COUNT)
        service.end()
    assert set(service.ids) == set(span_ids(otlp_sink)), service.log_tail()
    assert len(service.ids) == COUNT

"""`otel-ml doctor`: what is instrumented, where each signal goes, and whether a test prediction arrives there."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import sys

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import otel_ml
from otel_ml import frameworks, guard, runtime, sdk
from otel_ml.cli.exports import SIGNALS, Exports, without_login
from otel_ml.cli.printable import printable
from otel_ml.config import Config, ConfigError

DISTRIBUTIONS = (
    "otel-ml",
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-distro",
    "opentelemetry-exporter-otlp",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-logging",
    "opentelemetry-instrumentation-threading",
    "opentelemetry-configuration",
)
FRAMEWORKS = {"scikit-learn": "sklearn.ensemble", "fastapi": "fastapi"}
MODEL = "otel-ml-doctor"
EXPORT_SECONDS = "5"
FLUSH_SECONDS = 15.0

ADVICE = (
    "Does a receiver listen there, and speak that protocol? The usual port of grpc is 4317, that of http/protobuf 4318. "
    "An endpoint begins with http://, or with https:// where the receiver has TLS."
)


@click.command()
@click.option("--no-test", is_flag=True, help="Do not send a test prediction.")
def doctor(no_test: bool) -> None:
    """Say what is instrumented and where each signal goes, send a test prediction, and say whether it arrived.

    Run it in the environment of your service. Exit status: 0 all is well, 1 something did not arrive or is missing,
    2 the configuration is wrong.
    """
    console = Console(soft_wrap=not sys.stdout.isatty())
    try:
        well = _examine(console, test=not no_test)
    except ConfigError as error:
        console.print(f"[red]configuration[/]  {escape(str(error))}")
        sys.exit(2)
    if not well:
        sys.stdout.flush()
        os._exit(1)  # an exit as usual would try once more, and wait once more for receivers that are not there


def _examine(console: Console, *, test: bool) -> bool:
    """Whether nothing is wrong.

    Raises:
        ConfigError: the configuration is.
    """
    config = Config.load()
    console.print(_versions())
    options = _options(config)
    console.print(options if options.row_count else "All options have their defaults.")
    if not config.enabled or sdk.is_disabled():
        console.print("[yellow]off[/]  the option enabled, or OTEL_SDK_DISABLED, turns telemetry off: nothing to test")
        return True
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", EXPORT_SECONDS)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what matters of it is in the exporters' own words
    console.print("[dim]Setting OpenTelemetry up, and importing the frameworks …[/]")
    try:
        otel_ml.instrument()
    except ConfigError:
        raise
    except Exception as error:  # such as an exporter that nobody knows
        raise ConfigError(f"OpenTelemetry can not be set up: {type(error).__name__}: {error}") from error
    console.print(_instrumented())
    console.print(f"Service: {escape(_service())}")
    console.print(_destinations())
    return _send_test_prediction(console) if test else True


def _versions() -> Table:
    table = Table("distribution", "version", title="Installed", title_justify="left")
    for name in DISTRIBUTIONS:
        table.add_row(name, _version(name) or "[dim]not installed[/]")
    return table


def _options(config: Config) -> Table:
    table = Table("option", "value", "from", title="Options that are not the default", title_justify="left")
    for option in Config.describe():
        source = config.source(option.name)
        if source != "default":
            table.add_row(option.name, escape(config.shown(option.name)), escape(source))
    return table


def _instrumented() -> Table:
    table = Table("framework", "version", "", title="Instrumented", title_justify="left")
    for name, module in FRAMEWORKS.items():
        version = _version(name)
        if version is None:
            table.add_row(name, "[dim]not installed[/]", "")
            continue
        importlib.import_module(module)
        methods = frameworks.patched().get(name)
        table.add_row(name, version, f"{methods} methods" if methods else "requests, and the ml-prediction-id header")
    return table


def _service() -> str:
    resource = runtime.current.providers.resource if runtime.current is not None else None
    name = str((resource or {}).get("service.name", "unknown_service"))
    return f"{name} (OTEL_SERVICE_NAME is not set)" if name.startswith("unknown_service") else name


def _destinations() -> Table:
    table = Table("signal", "exporter", "protocol", "endpoint", title="Where each signal goes", title_justify="left")
    if os.environ.get("OTEL_CONFIG_FILE"):
        table.add_row("all", "as the file says", "", escape(os.environ["OTEL_CONFIG_FILE"]))
        return table
    for signal in SIGNALS:
        exporter = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp")
        protocol = _otlp(signal, "PROTOCOL") or "grpc"
        endpoint = _otlp(signal, "ENDPOINT") or f"http://localhost:{4317 if protocol == 'grpc' else 4318} (the default)"
        table.add_row(signal, exporter, *((protocol, escape(endpoint)) if "otlp" in exporter else ("", "")))
    return table


def _send_test_prediction(console: Console) -> bool:
    exports = Exports()
    console.print("\n[dim]Sending a test prediction, which takes some seconds where nobody answers …[/]")
    with exports.listening():
        with otel_ml.inference(MODEL, version=otel_ml.__version__) as call:
            call.input({"number": 1.0, "missing": None})
            call.output("well")
        otel_ml.flush(FLUSH_SECONDS)
    console.print(f"Sent a test prediction of the model {MODEL}, with the id {call.id}")
    arrived = [_say_whether_it_arrived(console, signal, exports) for signal in SIGNALS]
    whole = all(arrived)
    if exports.asked.keys() - (exports.succeeded - exports.failed):
        console.print(ADVICE)
    for site, count in guard.counts().items():
        console.print(f"[red]✗[/] otel-ml itself failed {count} times in {site}")
        whole = False
    if runtime.current is not None:
        for attributes, count in runtime.current.dropped():
            console.print(f"[red]✗[/] dropped {count}: {escape(str(dict(attributes)))}")
            whole = False
    return whole


def _say_whether_it_arrived(console: Console, signal: str, exports: Exports) -> bool:
    exporter = exports.asked.get(signal)
    if exporter is None:
        console.print(
            f"[yellow]-[/] {signal:8} no exporter was asked: OTEL_{signal.upper()}_EXPORTER is none, or the SDK is not set up"
        )
    elif signal in exports.failed or signal not in exports.succeeded:
        what = "refused or not reached" if signal in exports.failed else "not answered in time"
        reason = exports.reasons.get(signal, f"{exporter} does not say why")
        console.print(f"[red]✗[/] {signal:8} {what}: {escape(printable(reason))}")
    else:
        console.print(f"[green]✓[/] {signal:8} accepted, through {exporter}")
        return True
    return False


def _otlp(signal: str, what: str) -> str | None:
    specific = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}")
    found = specific or os.environ.get(f"OTEL_EXPORTER_OTLP_{what}")
    return found and without_login(found)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None

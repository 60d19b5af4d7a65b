"""`otel-ml doctor`: what is instrumented, where each signal goes, and whether a test prediction arrives there."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import otel_ml
from otel_ml import frameworks, guard, runtime, sdk
from otel_ml.config import Config, ConfigError
from otel_ml.patching import Patcher

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
SIGNALS = ("traces", "metrics", "logs")
MODEL = "otel-ml-doctor"
EXPORT_SECONDS = "5"
FLUSH_SECONDS = 15.0


@dataclass
class Outcomes:
    """What the exporters said of what they were given, by signal."""

    succeeded: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def watch(self, patcher: Patcher) -> None:
        """Listen to every exporter class that is loaded. Their result is the receiver's answer."""
        from opentelemetry.sdk._logs.export import LogRecordExporter
        from opentelemetry.sdk.metrics.export import MetricExporter
        from opentelemetry.sdk.trace.export import SpanExporter

        for signal, base in zip(SIGNALS, (SpanExporter, MetricExporter, LogRecordExporter), strict=True):
            for exporter in _subclasses(base):
                patcher.wrap(exporter, "export", self._listener(signal))

    def _listener(self, signal: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def listen(export: Callable[..., Any]) -> Callable[..., Any]:
            def listening(exporter: Any, *args: Any, **kwargs: Any) -> Any:
                result = export(exporter, *args, **kwargs)
                kind = type(exporter)
                name = f"{kind.__module__.removeprefix('opentelemetry.')}.{kind.__name__}"
                (self.succeeded if getattr(result, "name", "") == "SUCCESS" else self.failed)[signal] = name
                return result

            return listening

        return listen


@click.command()
@click.option("--no-test", is_flag=True, help="Do not send a test prediction.")
def doctor(no_test: bool) -> None:
    """Say what is instrumented and where each signal goes, send a test prediction, and say whether it arrived.

    Run it in the environment of your service. Exit status: 0 all is well, 1 something did not arrive or is missing,
    2 the configuration is wrong.
    """
    console = Console(soft_wrap=not sys.stdout.isatty())
    try:
        config = Config.load()
    except ConfigError as error:
        console.print(f"[red]configuration[/]  {escape(str(error))}")
        sys.exit(2)
    console.print(_versions())
    options = _options(config)
    console.print(options if options.row_count else "All options have their defaults.")
    if not config.enabled or sdk.is_disabled():
        console.print("[yellow]off[/]  OTEL_ML_ENABLED or OTEL_SDK_DISABLED turns telemetry off: nothing to test")
        return
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", EXPORT_SECONDS)
    otel_ml.instrument()
    console.print(_instrumented())
    console.print(_destinations())
    if not no_test:
        sys.exit(0 if _send_test_prediction(console) else 1)


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
    patcher, outcomes = Patcher(), Outcomes()
    outcomes.watch(patcher)
    try:
        with otel_ml.inference(MODEL, version=otel_ml.__version__) as call:
            call.input({"number": 1.0, "missing": None})
            call.output("well")
        otel_ml.flush(FLUSH_SECONDS)
    finally:
        patcher.undo()
    console.print(f"\nSent a test prediction of the model {MODEL}, with the id {call.id}")
    whole = True
    for signal in SIGNALS:
        if signal in outcomes.failed:
            console.print(
                f"[red]✗[/] {signal:8} refused or not reached, by {outcomes.failed[signal]}; is a receiver there?"
            )
        elif signal in outcomes.succeeded:
            console.print(f"[green]✓[/] {signal:8} accepted, through {outcomes.succeeded[signal]}")
        else:
            console.print(
                f"[yellow]-[/] {signal:8} no exporter was asked: OTEL_{signal.upper()}_EXPORTER is none, or the SDK is not set up"
            )
        whole = whole and signal in outcomes.succeeded and signal not in outcomes.failed
    for site, count in guard.counts().items():
        console.print(f"[red]✗[/] otel-ml itself failed {count} times in {site}")
        whole = False
    if runtime.current is not None:
        for attributes, count in runtime.current.dropped():
            console.print(f"[red]✗[/] dropped {count}: {escape(str(dict(attributes)))}")
            whole = False
    return whole


def _otlp(signal: str, what: str) -> str | None:
    specific = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}")
    found = specific or os.environ.get(f"OTEL_EXPORTER_OTLP_{what}")
    return found and re.sub("//[^/@]*@", "//", found)  # a login in a URL is nobody's business


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _subclasses(base: type) -> Iterator[type]:
    kind: type
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)

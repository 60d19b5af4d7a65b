"""Instrumentations of OpenTelemetry's own that ours needs: threads carry the context, log records are exported."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter

from otel_ml.frameworks.imports import ImportHooks
from otel_ml.guard import guarded
from otel_ml.patching import Patcher

EXPORTERS = ("opentelemetry.exporter.", "opentelemetry.sdk.")

_started: list[Any] = []
_record_factory: object = None
_patcher = Patcher()
_hooks = ImportHooks()


def instrument() -> None:
    """Start those that nobody has started or will start, and that the user has not declined."""
    global _record_factory
    _complete_propagator()
    _hooks.start({"opentelemetry.instrumentation.logging.handler": _break_loop})
    if _is_automatic():
        return
    from opentelemetry.instrumentation.logging import LoggingInstrumentor
    from opentelemetry.instrumentation.threading import ThreadingInstrumentor

    # the context would be lost in run_in_executor and ThreadPoolExecutor.submit
    _start("threading", ThreadingInstrumentor())
    if _start("logging", LoggingInstrumentor()):
        _record_factory = logging.getLogRecordFactory()


def uninstrument() -> None:
    """Stop those that `instrument` has started."""
    _hooks.stop()
    _patcher.undo()
    factory = logging.getLogRecordFactory()
    while _started:
        guarded("contrib.stop")(_started.pop().uninstrument)()
    if factory is not _record_factory:  # somebody has set another one since, which contrib does not look for
        logging.setLogRecordFactory(factory)


def declined(name: str) -> bool:
    """Whether OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names an instrumentation."""
    words = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    return not {name, "*"}.isdisjoint(word.strip() for word in words)


def _break_loop(module: ModuleType) -> None:
    """Keep what the SDK's exporters log of their own failures from being exported.

    With no receiver, each failed export logs a record, which is exported, which fails: a flush then never ends. The records
    still reach every other handler.
    """
    _patcher.wrap(module.LoggingHandler, "emit", _without_exporters)


def _without_exporters(emit: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(emit)
    def emitting(handler: Any, record: logging.LogRecord) -> None:
        if not record.name.startswith(EXPORTERS):
            emit(handler, record)

    return emitting


class _NoPropagation(CompositePropagator):
    """Carries nothing, as an empty composite, but gives a context back."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        return Context() if context is None else context


@guarded("contrib.propagator")
def _complete_propagator() -> None:
    """Keep contrib's middleware from failing every request where no propagator is configured.

    ``OTEL_PROPAGATORS=none`` and a file without a ``propagator`` lead to an empty composite, which gives None for a context.
    """
    if propagate.extract({}) is None:
        propagate.set_global_textmap(_NoPropagation([]))


def _is_automatic() -> bool:
    """Whether ``opentelemetry-instrument`` runs this process: it starts every instrumentation, and warns of a second time."""
    site = sys.modules.get("sitecustomize")
    return "auto_instrumentation" in Path(getattr(site, "__file__", None) or "").parts


@guarded("contrib.start")
def _start(name: str, instrumentor: Any) -> bool:
    if instrumentor.is_instrumented_by_opentelemetry or declined(name):
        return False
    instrumentor.instrument()
    _started.append(instrumentor)
    return True

"""Instrumentations of OpenTelemetry's own that ours needs: threads carry the context, log records are exported."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from otel_ml.guard import guarded

_started: list[Any] = []


def instrument() -> None:
    """Start those that nobody has started or will start, and that the user has not declined."""
    if _is_automatic():
        return
    from opentelemetry.instrumentation.logging import LoggingInstrumentor
    from opentelemetry.instrumentation.threading import ThreadingInstrumentor

    # the context would be lost in run_in_executor and ThreadPoolExecutor.submit
    _start("threading", ThreadingInstrumentor())
    _start("logging", LoggingInstrumentor())


def uninstrument() -> None:
    """Stop those that `instrument` has started."""
    while _started:
        guarded("contrib.stop")(_started.pop().uninstrument)()


def declined(name: str) -> bool:
    """Whether OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names an instrumentation."""
    words = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    return not {name, "*"}.isdisjoint(word.strip() for word in words)


def _is_automatic() -> bool:
    """Whether ``opentelemetry-instrument`` runs this process: it starts every instrumentation, and warns of a second time."""
    site = sys.modules.get("sitecustomize")
    return "auto_instrumentation" in Path(getattr(site, "__file__", None) or "").parts


@guarded("contrib.start")
def _start(name: str, instrumentor: Any) -> None:
    if not instrumentor.is_instrumented_by_opentelemetry and not declined(name):
        instrumentor.instrument()
        _started.append(instrumentor)

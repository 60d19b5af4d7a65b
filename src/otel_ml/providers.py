"""OpenTelemetry's three providers: what they tell of the service, and how they are flushed in time."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import Logger, LoggerProvider
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import Tracer, TracerProvider

from otel_ml import guard
from otel_ml.version import __version__

SCOPE: Final = "otel_ml"
SERVICE: Final = ("service.namespace", "service.name", "deployment.environment.name")

LONGEST_SECONDS: Final = 10.0
"""How long a flush or shutdown may be held up by what is still to be handed on."""


class Providers:
    """Those of one configuration.

    Args:
        tracer_provider: the global one by default.
        meter_provider: the same.
        logger_provider: the same.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        self.tracers = tracer_provider or trace.get_tracer_provider()
        self.meters = meter_provider or metrics.get_meter_provider()
        self.loggers = logger_provider or _logs.get_logger_provider()
        self.tracer: Tracer = self.tracers.get_tracer(SCOPE, __version__)
        self.logger: Logger = self.loggers.get_logger(SCOPE, __version__)
        self.reset()

    def reset(self) -> None:
        """In a forked child, which has no threads of its parent's."""
        self._flushing: list[threading.Thread] = []

    @property
    def resource(self) -> Mapping[str, Any] | None:
        """Attributes of the resource; None without an SDK."""
        found = getattr(self.tracers, "resource", None) or getattr(self.loggers, "resource", None)
        return None if found is None else found.attributes

    @property
    def service(self) -> str:
        """What tells this service from others that run on the same machine."""
        found = self.resource or {}
        return "\n".join(str(found.get(name, "")) for name in SERVICE)

    @property
    def span_attributes(self) -> int:
        """How many attributes a span may have."""
        limits = getattr(self.tracers, "_span_limits", None)  # set in code; the API has no way to ask
        if isinstance(found := getattr(limits, "max_span_attributes", None), int):
            return found
        for name in ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"):
            if os.environ.get(name, "").isdigit():
                return int(os.environ[name])
        return 128

    def flush_logs(self) -> object:
        """Flush the logs, from the thread that hands them over."""
        flush = getattr(self.loggers, "force_flush", None)
        # not the one of `_drain_before`, which would wait for the very thread that calls this
        return getattr(flush, "__wrapped__", flush)() if flush is not None else None

    def flush(self, timeout: float, deadline: float) -> bool:
        """Flush all three.

        Args:
            timeout: seconds that each is given.
            deadline: on the monotonic clock, when to leave them to themselves.

        Returns:
            Whether all of them are done in time.
        """
        done: list[bool] = []

        @guard.guarded("runtime.flush")
        def flush(provider: object) -> None:
            force_flush = getattr(provider, "force_flush", None)
            done.append(force_flush is None or bool(force_flush(timeout_millis=max(1, int(timeout * 1000)))))

        # In threads of their own, since exporters do not keep to the time they are given: one retries for 10 s and more.
        providers = (self.tracers, self.loggers, self.meters)
        for thread in self._flushing:  # of an earlier call, which must not pile up behind a slow exporter
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._flushing):
            return False
        threads = [threading.Thread(target=flush, args=(provider,), daemon=True) for provider in providers]
        for thread in threads:
            thread.start()
        self._flushing = threads
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return len(done) == len(providers) and all(done)

    def drain_first(self, drain: Callable[[float], None]) -> None:
        """Call `drain` with the seconds that it may take before any of them is flushed or shut down."""
        for provider in (self.loggers, self.tracers, self.meters):
            for method in ("shutdown", "force_flush"):
                _drain_before(provider, method, drain)


def meter_of(provider: MeterProvider) -> Meter:
    """The meter of this package."""
    return provider.get_meter(SCOPE, __version__)


def _drain_before(provider: object, name: str, drain: Callable[[float], None]) -> None:
    """Drain before a provider's method runs.

    On the instance, for a processor of ours would be asked last, when the exporter before it has stopped.
    """
    method: Callable[..., Any] | None = getattr(provider, name, None)
    if method is None or not hasattr(provider, "__dict__") or name in vars(provider):
        return

    @functools.wraps(method)
    def draining(*args: Any, **kwargs: Any) -> Any:
        drain(_seconds(args, kwargs))
        return method(*args, **kwargs)

    setattr(provider, name, draining)


def _seconds(args: tuple[Any, ...], kwargs: dict[str, Any]) -> float:
    """How long a flush or shutdown may take: its timeout in milliseconds, where it is given one."""
    given = kwargs.get("timeout_millis", args[0] if args else None)
    return min(LONGEST_SECONDS, given / 1000) if isinstance(given, int | float) else LONGEST_SECONDS

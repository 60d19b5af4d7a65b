"""The one line and the no-code way in: what is switched on, in which order, and how it is switched off."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # untyped

from otel_ml import contrib, fastapi, frameworks, logs, runtime, sdk, shutdown
from otel_ml.config import Config, ConfigError
from otel_ml.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

_logger = logging.getLogger(__name__)

PROVIDERS = ("tracer_provider", "meter_provider", "logger_provider")


def instrument(app: FastAPI | None = None, **options: Any) -> None:
    """Make every prediction of this process a span, an event and metrics.

    Sets the SDK up from the OTEL_* variables if there is no provider yet; an existing one is used. May be called before or
    after the frameworks are imported, and again: the last configuration holds.

    Args:
        app: a FastAPI application, however it was imported. Others are found when they get their first request.
        **options: the fields of `Config`, which win over the environment; and ``tracer_provider``, ``meter_provider``,
            ``logger_provider`` to use others than the global ones.

    Raises:
        ConfigError: an option is unknown or has a value that is not allowed. The message says what is.
        TypeError: `app` is no application, such as the ``"module:app"`` that a server takes.

    >>> import otel_ml
    >>> otel_ml.instrument(enabled=False)  # does nothing
    """
    if app is not None and (isinstance(app, type) or not callable(app)):
        what = f"the class {app.__name__}" if isinstance(app, type) else f"a {type(app).__name__}"
        raise TypeError(
            f"instrument: app is the application itself, as in app = FastAPI(); otel_ml.instrument(app), not {what}; "
            "without one, every FastAPI application of the process is found by itself"
        )
    providers = {name: options.pop(name, None) for name in PROVIDERS}
    config = Config.load(**options)
    if not config.enabled or sdk.is_disabled():
        return
    if not any(providers.values()):
        sdk.set_up()  # which may come back here, from a declarative file
    _start(app, config, providers)


def _start(app: FastAPI | None, config: Config, providers: dict[str, Any]) -> None:
    runtime.stop()
    runtime.start(Runtime(config, **providers))
    contrib.instrument()
    logs.instrument()
    shutdown.instrument()
    frameworks.instrument(config)
    fastapi.instrument(app)


def uninstrument() -> None:
    """Hand on what is queued and put everything back as it was: the exact methods, apps and log record factory."""
    runtime.stop()
    fastapi.uninstrument()
    frameworks.uninstrument()
    shutdown.uninstrument()
    logs.uninstrument()
    contrib.uninstrument()


class OtelMLInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # untyped upstream
    """What ``opentelemetry-instrument`` and declarative configuration load."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: frameworks are patched when the program imports them."""
        return []

    def _instrument(self, **kwargs: Any) -> None:
        providers = {name: kwargs.pop(name, None) for name in PROVIDERS}
        try:
            config = Config.load(file=kwargs or None)  # a file's options are those that are read there anyway
            if config.enabled and not sdk.is_disabled():
                _start(None, config, providers)  # the SDK is its caller's to set up
        except ConfigError as error:  # one that shows only in use, too: a baseline that can not be read
            # Raised on, it would also keep every instrumentor after this one from loading. Written, too, where it is logged to
            # handlers: the only one of the root logger may be the one that exports.
            if _logger.hasHandlers():
                sys.stderr.write(f"otel-ml is off: {error}\n")
            _logger.error("otel-ml is off: %s", error)

    def _uninstrument(self, **kwargs: Any) -> None:
        uninstrument()

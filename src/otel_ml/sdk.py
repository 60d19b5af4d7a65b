"""Set the OpenTelemetry SDK up from the OTEL_* variables, when nobody has."""

from __future__ import annotations

import logging
import os

from opentelemetry import _logs, metrics, trace

_logger = logging.getLogger(__name__)


def is_disabled() -> bool:
    """Whether OTEL_SDK_DISABLED asks for no telemetry at all."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def missing() -> list[str]:
    """Signals that nobody has set a provider for."""
    providers = (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider())
    # The proxies that stand for "nobody has" live in the API; a real provider, ours or a vendor's, does not.
    return [
        signal
        for signal, provider in zip(SIGNALS, providers, strict=True)
        if type(provider).__module__.startswith(_PROXIES)
    ]


def is_set_up() -> bool:
    """Whether any provider is there already: then somebody has decided where signals go, and it is not ours to change."""
    return len(missing()) < len(SIGNALS)


SIGNALS = ("traces", "metrics", "logs")
_PROXIES = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")


def set_up() -> bool:
    """Do what ``opentelemetry-instrument`` does for the SDK: load the distribution, then its configurator.

    Returns:
        Whether the SDK was set up by this call.
    """
    if is_disabled():
        return False
    if is_set_up():
        if absent := missing():
            _logger.info(
                "otel-ml uses the providers that are there; none is for %s, which go nowhere", ", ".join(absent)
            )
        return False
    from opentelemetry.instrumentation.auto_instrumentation._load import _load_configurators, _load_distro

    _load_distro().configure()
    _load_configurators()  # type: ignore[no-untyped-call]  # untyped upstream
    _logger.info(
        "otel-ml set up OpenTelemetry from the OTEL_* variables, since no provider was there: "
        "traces %s, metrics %s, logs %s",
        *(os.environ.get(f"OTEL_{signal}_EXPORTER", "otlp") for signal in ("TRACES", "METRICS", "LOGS")),
    )
    return True

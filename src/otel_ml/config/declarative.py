"""Options in OpenTelemetry's declarative configuration file.

Upstream hands them to an instrumentor, but not where ``enabled`` is false, and not where it is instrumented in code or by
``opentelemetry-instrument``: what a file switches off would be on then. So it is read here, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from otel_ml.config.option import ConfigError

VARIABLE: Final = "OTEL_CONFIG_FILE"
NAME: Final = "otel_ml"


def options(environ: Mapping[str, str]) -> Any:
    """What stands under ``instrumentation/development.python.otel_ml`` in the file that a variable names.

    Args:
        environ: where the variable is. Without it, or without what reads such a file (``otel-ml[config]``), there is nothing.

    Returns:
        Whatever stands there; a mapping if it is right.

    Raises:
        ConfigError: the file can not be read.
    """
    path = environ.get(VARIABLE, "").strip()
    if not path:
        return None
    try:
        from opentelemetry.configuration import ConfigurationError, load_config_file
    except ImportError:  # then the SDK does not read it either, and says so
        return None
    try:
        found = load_config_file(path).instrumentation_development
    except ConfigurationError as error:
        raise ConfigError(f"{VARIABLE}: {error}") from error
    python = None if found is None else found.python
    return (python or {}).get(NAME)

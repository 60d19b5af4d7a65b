"""OpenTelemetry for model predictions: each one a span with features and outputs, a correlated event, and metrics.

>>> import otel_ml
>>> with otel_ml.suppress():  # evaluation, warm-up: not traffic
...     pass
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from otel_ml.version import __version__

if TYPE_CHECKING:
    from otel_ml.api import current_prediction_id, drift_report, flush, register_model
    from otel_ml.baselines import Baseline
    from otel_ml.block import inference
    from otel_ml.config import Config, ConfigError
    from otel_ml.context import suppress
    from otel_ml.decorator import observe
    from otel_ml.instrumentor import instrument, uninstrument
    from otel_ml.invocation import Inference

_HOMES = {
    "Baseline": "baselines",
    "Config": "config",
    "ConfigError": "config",
    "Inference": "invocation",
    "current_prediction_id": "api",
    "drift_report": "api",
    "flush": "api",
    "inference": "block",
    "instrument": "instrumentor",
    "observe": "decorator",
    "register_model": "api",
    "suppress": "context",
    "uninstrument": "instrumentor",
}
"""Loaded when first asked for, so that `import otel_ml` costs next to nothing. No module may have the name of what it holds."""

__all__ = [
    "Baseline",
    "Config",
    "ConfigError",
    "Inference",
    "__version__",
    "current_prediction_id",
    "drift_report",
    "flush",
    "inference",
    "instrument",
    "observe",
    "register_model",
    "suppress",
    "uninstrument",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

"""Streaming drift against a baseline: counts in, scores and alarms out. Needs numpy, and nothing of OpenTelemetry.

`Baseline.fit` sums training data up, `Monitor` watches live predictions against it, and `check` does both looks at once for
a file. All that is compared are counts over the baseline's bins, so that windows, threads and machines simply add up.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.checking import check
    from otel_ml.drift.errors import BaselineError, CheckError
    from otel_ml.drift.monitor import Monitor
    from otel_ml.drift.report import Bin, Change, Moment, Report, VariableReport
    from otel_ml.drift.sequential.adwin import Adwin
    from otel_ml.drift.sequential.cusum import Cusum
    from otel_ml.drift.sequential.page_hinkley import PageHinkley
    from otel_ml.drift.settings import Settings
    from otel_ml.drift.state import load, save
    from otel_ml.drift.variables import Constraints, Variable

_HOMES = {
    "Adwin": "sequential.adwin",
    "Baseline": "baseline",
    "BaselineError": "errors",
    "Bin": "report",
    "Change": "report",
    "CheckError": "errors",
    "Constraints": "variables",
    "Cusum": "sequential.cusum",
    "Moment": "report",
    "Monitor": "monitor",
    "PageHinkley": "sequential.page_hinkley",
    "Report": "report",
    "Settings": "settings",
    "Variable": "variables",
    "VariableReport": "report",
    "check": "checking",
    "load": "state",
    "save": "state",
}
"""Loaded when first asked for, so that numpy is not before it is needed. No module may have the name of what it holds."""

__all__ = [
    "Adwin",
    "Baseline",
    "BaselineError",
    "Bin",
    "Change",
    "CheckError",
    "Constraints",
    "Cusum",
    "Moment",
    "Monitor",
    "PageHinkley",
    "Report",
    "Settings",
    "Variable",
    "VariableReport",
    "check",
    "load",
    "save",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

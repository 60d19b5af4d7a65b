"""Which libraries a model was probably made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

_DISTRIBUTIONS: Final = (
    "catboost", "keras", "lightgbm", "mlflow", "numpy", "onnx", "onnxruntime", "pandas", "polars", "pyarrow", "scikit-learn",
    "scipy", "tensorflow", "torch", "xgboost",
)  # fmt: skip


def installed() -> dict[str, str]:
    """Versions of what is installed here of the libraries that models depend on, and of Python."""
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

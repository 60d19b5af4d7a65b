"""What ``ml.model.loaded`` says: the model and the versions of the libraries that serve it."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlOperationNameValues

if TYPE_CHECKING:
    from otel_ml.models import Model
    from otel_ml.signals.record import Attributes

LIBRARIES = ("numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "joblib")
"""Libraries whose version may change a prediction. Only those that the program has imported are named."""


def describe(model: Model) -> Attributes:
    """Attributes of the event."""
    found: Attributes = {
        **model.describe(MlOperationNameValues.LOAD.value)[1],
        f"{names.ML_LIBRARY_SERVING_TEMPLATE}.python": platform.python_version(),
    }
    for library in LIBRARIES:
        version = getattr(sys.modules.get(library), "__version__", None)
        if isinstance(version, str):
            found[f"{names.ML_LIBRARY_SERVING_TEMPLATE}.{library}"] = version
    return found

"""Event names.

Generated from the registry by `make generate`; do not edit.
"""

from typing import Final

EVENT_ML_DRIFT_DETECTED: Final = "ml.drift.detected"
"""An alarm was raised."""

EVENT_ML_DRIFT_RESOLVED: Final = "ml.drift.resolved"
"""An alarm has ended."""

EVENT_ML_FEATURE_VIOLATION: Final = "ml.feature.violation"
"""A value broke what was expected of its feature."""

EVENT_ML_GROUND_TRUTH: Final = "ml.ground_truth"
"""What turned out to be true of a prediction. Not emitted yet."""

EVENT_ML_MODEL_LOADED: Final = "ml.model.loaded"
"""A model began to serve in this process."""

EVENT_ML_PREDICTION: Final = "ml.prediction"
"""One predicted row."""

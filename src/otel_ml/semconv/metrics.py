"""Metrics: what each instrument is created from.

Generated from the registry by `make generate`; do not edit.
"""

from typing import Final

from otel_ml.semconv.metric import Metric

ML_BATCH_SIZE: Final = Metric(
    name="ml.batch.size",
    unit="{row}",
    description="Rows in a call of the model.",
    instrument="histogram",
    boundaries=(
        1.0,
        2.0,
        4.0,
        8.0,
        16.0,
        32.0,
        64.0,
        128.0,
        256.0,
        512.0,
        1024.0,
        2048.0,
        4096.0,
        8192.0,
        16384.0,
        32768.0,
        65536.0,
    ),
)
"""Rows in a call of the model."""

ML_DRIFT_ALARM: Final = Metric(
    name="ml.drift.alarm",
    unit="{alarm}",
    description="1 while the alarm is raised, with hysteresis, else 0.",
    instrument="gauge",
)
"""1 while the alarm is raised, with hysteresis, else 0."""

ML_DRIFT_FEATURES: Final = Metric(
    name="ml.drift.features",
    unit="{feature}",
    description="Features in alarm.",
    instrument="gauge",
)
"""Features in alarm."""

ML_DRIFT_NOISE: Final = Metric(
    name="ml.drift.noise",
    unit="{score}",
    description="What the score would read with no drift at this sample size.",
    instrument="gauge",
)
"""What the score would read with no drift at this sample size."""

ML_DRIFT_SCORE: Final = Metric(
    name="ml.drift.score",
    unit="{score}",
    description="How far the live window is from the baseline.",
    instrument="gauge",
)
"""How far the live window is from the baseline."""

ML_FEATURE_BASELINE_OBSERVATIONS: Final = Metric(
    name="ml.feature.baseline.observations",
    unit="{observation}",
    description="Values of a feature in the baseline, by bin.",
    instrument="gauge",
)
"""Values of a feature in the baseline, by bin. Not emitted yet."""

ML_FEATURE_NULL_RATIO: Final = Metric(
    name="ml.feature.null.ratio",
    unit="1",
    description="Share of nulls among the values of a feature, over the live window.",
    instrument="gauge",
)
"""Share of nulls among the values of a feature, over the live window."""

ML_FEATURE_OBSERVATIONS: Final = Metric(
    name="ml.feature.observations",
    unit="{observation}",
    description="Values of a feature over the bins of the baseline.",
    instrument="counter",
)
"""Values of a feature over the bins of the baseline."""

ML_FEATURE_VIOLATIONS: Final = Metric(
    name="ml.feature.violations",
    unit="{violation}",
    description="Values that broke what was expected of their feature.",
    instrument="counter",
)
"""Values that broke what was expected of their feature."""

ML_GROUND_TRUTH_LABELS: Final = Metric(
    name="ml.ground_truth.labels",
    unit="{label}",
    description="Labels that came in, by what became of them.",
    instrument="counter",
)
"""Labels that came in, by what became of them. Not emitted yet."""

ML_GROUND_TRUTH_LAG: Final = Metric(
    name="ml.ground_truth.lag",
    unit="s",
    description="Time from a prediction to its label.",
    instrument="histogram",
    boundaries=(
        1.0,
        10.0,
        60.0,
        300.0,
        900.0,
        3600.0,
        14400.0,
        43200.0,
        86400.0,
        259200.0,
        604800.0,
        1209600.0,
        2592000.0,
        7776000.0,
    ),
)
"""Time from a prediction to its label. Not emitted yet."""

ML_INFERENCE_ACTIVE: Final = Metric(
    name="ml.inference.active",
    unit="{inference}",
    description="Calls of the model that are under way.",
    instrument="updowncounter",
)
"""Calls of the model that are under way."""

ML_INFERENCE_DURATION: Final = Metric(
    name="ml.inference.duration",
    unit="s",
    description="Duration of a call of the model.",
    instrument="histogram",
    boundaries=(
        5e-05,
        0.0001,
        0.00025,
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1.0,
        2.5,
        5.0,
        10.0,
    ),
)
"""Duration of a call of the model."""

ML_MODEL_AGE: Final = Metric(
    name="ml.model.age",
    unit="s",
    description="Time since the model was trained, from its baseline.",
    instrument="gauge",
)
"""Time since the model was trained, from its baseline."""

ML_MODEL_QUALITY: Final = Metric(
    name="ml.model.quality",
    unit="1",
    description="A measure of the model's quality over the live window.",
    instrument="gauge",
)
"""A measure of the model's quality over the live window. Not emitted yet."""

ML_PREDICTION_BASELINE_OBSERVATIONS: Final = Metric(
    name="ml.prediction.baseline.observations",
    unit="{observation}",
    description="Outputs in the baseline, by bin.",
    instrument="gauge",
)
"""Outputs in the baseline, by bin. Not emitted yet."""

ML_PREDICTION_OBSERVATIONS: Final = Metric(
    name="ml.prediction.observations",
    unit="{observation}",
    description="Outputs over the bins of the baseline.",
    instrument="counter",
)
"""Outputs over the bins of the baseline."""

ML_PREDICTION_SCORE: Final = Metric(
    name="ml.prediction.score",
    unit="1",
    description="Confidence of the predictions.",
    instrument="histogram",
    boundaries=(
        0.0,
        0.05,
        0.1,
        0.15,
        0.2,
        0.25,
        0.3,
        0.35,
        0.4,
        0.45,
        0.5,
        0.55,
        0.6,
        0.65,
        0.7,
        0.75,
        0.8,
        0.85,
        0.9,
        0.95,
        1.0,
    ),
)
"""Confidence of the predictions."""

ML_PREDICTIONS: Final = Metric(
    name="ml.predictions",
    unit="{prediction}",
    description="Predicted rows, by declared class.",
    instrument="counter",
)
"""Predicted rows, by declared class."""

ML_TELEMETRY_DROPPED: Final = Metric(
    name="ml.telemetry.dropped",
    unit="{item}",
    description="Spans, events and observations that otel-ml did not emit.",
    instrument="counter",
)
"""Spans, events and observations that otel-ml did not emit."""

ML_TELEMETRY_ERRORS: Final = Metric(
    name="ml.telemetry.errors",
    unit="{error}",
    description="Errors inside otel-ml, which were caught and did not reach the service.",
    instrument="counter",
)
"""Errors inside otel-ml, which were caught and did not reach the service."""

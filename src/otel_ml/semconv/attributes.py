"""Attributes. A template is the prefix of a family: `ML_FEATURE_VALUE_TEMPLATE + '.' + name`.

Generated from the registry by `make generate`; do not edit.
"""

from enum import Enum
from typing import Final

ERROR_TYPE: Final = "error.type"
"""Class of the error that ended the call."""

EXCEPTION_MESSAGE: Final = "exception.message"
"""Message of the exception; may carry inputs."""

EXCEPTION_STACKTRACE: Final = "exception.stacktrace"
"""Stack trace of the exception; may carry inputs."""

ML_BASELINE_ID: Final = "ml.baseline.id"
"""Short content hash of the baseline that counts are compared with."""

ML_BATCH_SIZE: Final = "ml.batch.size"
"""Rows in the call."""

ML_DRIFT_BINS: Final = "ml.drift.bins"
"""The bins that moved most, first the largest."""

ML_DRIFT_DIRECTION: Final = "ml.drift.direction"
"""Which way the distribution moved."""

ML_DRIFT_EXAMPLES: Final = "ml.drift.examples"
"""Up to five ids of predictions that lie in those bins."""

ML_DRIFT_METHOD: Final = "ml.drift.method"
"""The statistic or the detector."""

ML_DRIFT_READER: Final = "ml.drift.reader"
"""Who computed it."""

ML_DRIFT_ROWS: Final = "ml.drift.rows"
"""Rows that the score was computed from."""

ML_DRIFT_SCORE: Final = "ml.drift.score"
"""The score that raised or ended the alarm."""

ML_DRIFT_SINCE: Final = "ml.drift.since"
"""When the drift began, in ISO 8601."""

ML_DRIFT_SUBJECT: Final = "ml.drift.subject"
"""What drifts."""

ML_DROP_REASON: Final = "ml.drop.reason"
"""Why something was not emitted."""

ML_DROP_SIGNAL: Final = "ml.drop.signal"
"""The signal that misses it."""

ML_ERROR_SITE: Final = "ml.error.site"
"""The part of otel-ml in which the error was caught, a fixed short name."""

ML_EVENT_WEIGHT: Final = "ml.event.weight"
"""How many predictions this event stands for, when events are sampled."""

ML_FEATURE_BIN: Final = "ml.feature.bin"
"""Two-digit index of the bin in the baseline, or a reserved bin."""

ML_FEATURE_COUNT: Final = "ml.feature.count"
"""Features in the input, captured or not."""

ML_FEATURE_DROPPED_COUNT: Final = "ml.feature.dropped.count"
"""Values that were not captured because of a cap or the privacy policy."""

ML_FEATURE_INVALID_COUNT: Final = "ml.feature.invalid.count"
"""Values in the input that are neither null nor valid, such as infinities or values of another type."""

ML_FEATURE_NAME: Final = "ml.feature.name"
"""Name of the feature that a point or an event is about."""

ML_FEATURE_NULL_COUNT: Final = "ml.feature.null.count"
"""Null values in the input."""

ML_FEATURE_NULL_NAMES: Final = "ml.feature.null.names"
"""Names of the features that are null, capped."""

ML_FEATURE_VALUE_TEMPLATE: Final = "ml.feature.value"
"""Value of one feature, `<name>` being its name."""

ML_FRAMEWORK_NAME: Final = "ml.framework.name"
"""The library that ran the model."""

ML_FRAMEWORK_VERSION: Final = "ml.framework.version"
"""Version of the library that ran the model."""

ML_GROUND_TRUTH_LABEL: Final = "ml.ground_truth.label"
"""The class that turned out to be true. Not emitted yet."""

ML_GROUND_TRUTH_VALUE: Final = "ml.ground_truth.value"
"""The number that turned out to be true. Not emitted yet."""

ML_LABEL_STATUS: Final = "ml.label.status"
"""What became of a label. Not emitted yet."""

ML_LIBRARY_SERVING_TEMPLATE: Final = "ml.library.serving"
"""Version of a library in the serving process, `<name>` being its distribution name."""

ML_LIBRARY_TRAINING_TEMPLATE: Final = "ml.library.training"
"""Version of a library when the model was trained, `<name>` being its distribution name. Not emitted yet."""

ML_MODEL_ALIAS: Final = "ml.model.alias"
"""The part that this model plays in its deployment."""

ML_MODEL_NAME: Final = "ml.model.name"
"""Name of the model, low in cardinality and stable over its versions."""

ML_MODEL_VERSION: Final = "ml.model.version"
"""Version of the model."""

ML_OPERATION_NAME: Final = "ml.operation.name"
"""What the model was asked to do."""

ML_OUTPUT_CLASS_SCORE_TEMPLATE: Final = "ml.output.class_score"
"""Score of one class, `<name>` being the class; the highest ones, capped."""

ML_OUTPUT_FIELD_TEMPLATE: Final = "ml.output.field"
"""Another named value of the answer, `<name>` being its name; capped, under the privacy policy."""

ML_OUTPUT_LABEL: Final = "ml.output.label"
"""The predicted class."""

ML_OUTPUT_LABELS: Final = "ml.output.labels"
"""The predicted classes of a multi-label or multi-output model."""

ML_OUTPUT_SCORE: Final = "ml.output.score"
"""Confidence in the prediction, such as the probability of the predicted class."""

ML_OUTPUT_VALUE: Final = "ml.output.value"
"""The predicted number."""

ML_OUTPUT_VALUES: Final = "ml.output.values"
"""The predicted numbers of a multi-output model."""

ML_PREDICTION_BIN: Final = "ml.prediction.bin"
"""Two-digit index of the output's bin in the baseline, or a reserved bin."""

ML_PREDICTION_ID: Final = "ml.prediction.id"
"""Identifies one prediction on its span, its event, its log lines and its response."""

ML_QUALITY_ESTIMATED: Final = "ml.quality.estimated"
"""True where no labels were used. Not emitted yet."""

ML_QUALITY_NAME: Final = "ml.quality.name"
"""The measure of quality. Not emitted yet."""

ML_SEGMENT_TEMPLATE: Final = "ml.segment"
"""A declared segment of the traffic, `<name>` being its name."""

ML_TASK_TYPE: Final = "ml.task.type"
"""The kind of problem that the model solves."""

ML_VIOLATION_COUNT: Final = "ml.violation.count"
"""Violations that this event stands for, since such events are rate-limited."""

ML_VIOLATION_TYPE: Final = "ml.violation.type"
"""In which way a value broke what was expected of its feature."""

ML_WORKER: Final = "ml.worker"
"""Small ordinal of the process, where several share one `service.instance.id`."""

SESSION_ID: Final = "session.id"
"""The caller's session, from a declared header or baggage key."""

TENANT_ID: Final = "tenant.id"
"""The caller's tenant, from a declared header or baggage key."""

USER_ID: Final = "user.id"
"""The caller's user, from a declared header or baggage key."""


class MlDriftMethodValues(Enum):
    """Values of `ml.drift.method`."""

    PSI = "psi"
    """Population stability index."""

    JENSEN_SHANNON = "jensen_shannon"
    """Jensen-Shannon distance in base 2."""

    HELLINGER = "hellinger"
    """Hellinger distance."""

    TOTAL_VARIATION = "total_variation"
    """Total variation distance."""

    L_INFINITY = "l_infinity"
    """Largest difference of a bin's share."""

    KOLMOGOROV_SMIRNOV = "kolmogorov_smirnov"
    """Kolmogorov-Smirnov statistic over the edges."""

    WASSERSTEIN = "wasserstein"
    """Wasserstein-1 in standard deviations of the baseline."""

    CHI_SQUARE = "chi_square"
    """Two-sample chi-square statistic."""

    MEAN_SHIFT = "mean_shift"
    """Shift of the mean in standard deviations of the baseline."""

    NULL_RATE = "null_rate"
    """Change of the null rate."""

    E_DETECTOR = "e_detector"
    """The tolerance-aware sequential detector."""

    PAGE_HINKLEY = "page_hinkley"
    """Page-Hinkley test."""

    CUSUM = "cusum"
    """Cumulative sum test."""

    ADWIN = "adwin"
    """Adaptive windowing."""


class MlDriftReaderValues(Enum):
    """Values of `ml.drift.reader`."""

    PROCESS = "process"
    """The monitor in the service's own process."""

    SERVICE = "service"
    """The drift service."""


class MlDriftSubjectValues(Enum):
    """Values of `ml.drift.subject`."""

    FEATURE = "feature"

    PREDICTION = "prediction"

    SCORE = "score"

    ENTROPY = "entropy"

    MULTIVARIATE = "multivariate"

    QUALITY = "quality"


class MlDropReasonValues(Enum):
    """Values of `ml.drop.reason`."""

    QUEUE_FULL = "queue_full"
    """The queue to the aggregator was full."""

    CAP = "cap"
    """Over a cap of count or size."""

    EVENT_QUEUE = "event_queue"
    """The SDK's log queue did not take it in time."""

    SHUTDOWN = "shutdown"
    """Still queued when the time for shutting down was over."""

    FORK = "fork"
    """Left behind in a forked child; the parent still has it."""

    POLICY = "policy"
    """The privacy policy does not let it leave."""

    LATE = "late"
    """Its own time was too long ago."""

    SAMPLED = "sampled"
    """Not in the sample of events that was asked for."""


class MlDropSignalValues(Enum):
    """Values of `ml.drop.signal`."""

    SPAN = "span"

    EVENT = "event"

    METRIC = "metric"

    DRIFT = "drift"
    """Counts over the baseline's bins, and what is computed from them."""


class MlFeatureBinValues(Enum):
    """Values of `ml.feature.bin`."""

    NULL = "null"
    """The value was null."""

    OTHER = "other"
    """A value outside every bin, such as a category unseen in training."""

    VALUE = "value"
    """Any value, where the model has no baseline."""


class MlLabelStatusValues(Enum):
    """Values of `ml.label.status`."""

    MATCHED = "matched"
    """Joined to its prediction."""

    LATE = "late"
    """Joined, later than the window of interest."""

    ORPHAN = "orphan"
    """No such prediction is known."""

    DUPLICATE = "duplicate"
    """The prediction already had its label."""


class MlModelAliasValues(Enum):
    """Values of `ml.model.alias`."""

    CHAMPION = "champion"
    """Its answers are used."""

    CHALLENGER = "challenger"
    """Competes with the champion for part of the traffic."""

    SHADOW = "shadow"
    """Answers too, but nobody uses the answers."""

    CANARY = "canary"
    """A new version on a small part of the traffic."""


class MlOperationNameValues(Enum):
    """Values of `ml.operation.name`."""

    PREDICT = "predict"
    """Labels or values."""

    PREDICT_PROBA = "predict_proba"
    """A probability per class."""

    PREDICT_LOG_PROBA = "predict_log_proba"
    """The logarithm of a probability per class."""

    DECISION_FUNCTION = "decision_function"
    """Distances to the decision boundary."""

    TRANSFORM = "transform"
    """A representation of the input."""

    SCORE_SAMPLES = "score_samples"
    """A score or log-likelihood per row."""

    RANK = "rank"
    """An order of candidates."""

    EMBED = "embed"
    """An embedding of the input."""

    LOAD = "load"
    """The model was loaded; no prediction."""


class MlPredictionBinValues(Enum):
    """Values of `ml.prediction.bin`."""

    NULL = "null"
    """The output was null."""

    OTHER = "other"
    """An output outside every bin."""


class MlTaskTypeValues(Enum):
    """Values of `ml.task.type`."""

    CLASSIFICATION = "classification"

    REGRESSION = "regression"

    RANKING = "ranking"

    CLUSTERING = "clustering"

    ANOMALY_DETECTION = "anomaly_detection"

    RECOMMENDATION = "recommendation"

    EMBEDDING = "embedding"

    FORECASTING = "forecasting"


class MlViolationTypeValues(Enum):
    """Values of `ml.violation.type`."""

    TYPE = "type"
    """Another type than expected."""

    RANGE = "range"
    """Outside the range that was declared or seen."""

    UNSEEN = "unseen"
    """A category unseen in training."""

    NULL = "null"
    """Null where none is allowed."""

    REORDERED = "reordered"
    """At another place among the features than in training."""

    MISSING = "missing"
    """An expected feature is absent."""

    EXTRA = "extra"
    """A feature that is not expected."""

    NON_FINITE = "non_finite"
    """Positive or negative infinity."""

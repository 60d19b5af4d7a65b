"""From a prediction to attributes, the same for its span and its event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_ml.config import Config
from otel_ml.counts import Schema
from otel_ml.privacy import Policy
from otel_ml.semconv import attributes as names
from otel_ml.signals.record import Attributes

if TYPE_CHECKING:
    from otel_ml.observation import OutputRow, Row

MAX_NULL_NAMES = 64
MAX_EXTRA_OUTPUTS = 16
MAX_CLASS_KEYS = 1024


class Describer:
    """Builds attributes under one configuration and one privacy policy."""

    def __init__(self, config: Config, policy: Policy) -> None:
        self._policy = policy
        self._max_class_scores = config.max_class_scores
        self._max_length = config.max_value_length
        self._class_keys: dict[str, str] = {}

    def features(self, row: Row, schema: Schema) -> tuple[Attributes, int]:
        """Values of one row that may leave the process, and how many may not."""
        if not self._policy.captures_features:
            return {}, len(row.values) - len(row.nulls)
        return schema.plan.attributes(row.values)

    def completeness(self, row: Row, schema: Schema, invalid: int, dropped: int) -> Attributes:
        """What is said of a row beside its values: how many features, which are null, how many are not valid."""
        found: Attributes = {
            names.ML_FEATURE_COUNT: len(row.values),
            names.ML_FEATURE_NULL_COUNT: len(row.nulls),
            names.ML_FEATURE_INVALID_COUNT: invalid,
        }
        if row.nulls and self._policy.captures_features:
            found[names.ML_FEATURE_NULL_NAMES] = tuple(
                schema.plan.safe_name(index) for index in row.nulls[:MAX_NULL_NAMES]
            )
        if dropped:
            found[names.ML_FEATURE_DROPPED_COUNT] = dropped
        return found

    def output(self, row: OutputRow) -> Attributes:
        """Label, score and value of one row."""
        found: Attributes = {}
        if not self._policy.captures_outputs:
            return found
        if row.label is not None:
            found[names.ML_OUTPUT_LABEL] = self._policy.text(row.label)
        if row.score is not None:
            found[names.ML_OUTPUT_SCORE] = row.score
        if row.value is not None:
            found[names.ML_OUTPUT_VALUE] = row.value
        if row.labels:
            found[names.ML_OUTPUT_LABELS] = tuple(map(self._policy.text, row.labels[: self._max_class_scores]))
        if row.values:
            found[names.ML_OUTPUT_VALUES] = tuple(row.values[: self._max_class_scores])
        for name, value in list(row.extra.items())[:MAX_EXTRA_OUTPUTS]:
            clean = self._policy.field(name, value)
            if clean is not None:
                found[f"{names.ML_OUTPUT_FIELD_TEMPLATE}.{self._key(name)}"] = clean
        return found

    def class_scores(self, row: OutputRow) -> Attributes:
        """Scores of the most probable classes."""
        if not self._policy.captures_outputs:
            return {}
        return {self._class_key(name): score for name, score in row.class_scores[: self._max_class_scores]}

    def _class_key(self, name: str) -> str:
        key = self._class_keys.get(name)
        if key is None:
            key = f"{names.ML_OUTPUT_CLASS_SCORE_TEMPLATE}.{self._key(name)}"
            if len(self._class_keys) < MAX_CLASS_KEYS:
                self._class_keys[name] = key
        return key

    def _key(self, name: str) -> str:
        return self._policy.text(name).replace(".", "_")[: self._max_length]

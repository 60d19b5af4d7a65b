"""What a model's traffic adds up to: rows, nulls and violations by feature, predictions by class.

Rows are counted by schema (one tuple of feature names), where a feature is an index, and folded into totals by name only
when somebody reads them. Written and read under the aggregator's lock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from otel_ml.observation import Batch, Row
from otel_ml.privacy import FeaturePlan, Policy

NONE: Mapping[tuple[int, str], int] = MappingProxyType({})

MAX_SCHEMAS = 32
"""Schemas kept ready per model: a service has one or two, a caller that sends other names each time must not fill memory."""

OTHER_FEATURES = "(other)"
"""The one series that features share for which no more series are to be had."""

BYTES_PER_NAME = 140
"""About what a feature's name takes with all that is kept beside it."""

SNAPSHOTS = 10
"""Steps in which the live window of the null ratio moves."""


class Schema:
    """One tuple of feature names as one model sees it, with what is computed once for it."""

    __slots__ = ("counted", "kinds", "nbytes", "nulls", "plan", "rows", "types", "violations")

    def __init__(self, plan: FeaturePlan) -> None:
        self.plan = plan
        self.kinds: list[str | None] = [None] * len(plan.names)  # what each feature was at first
        self.types: list[type] = []  # the exact types of the last good row: most rows are like it
        self.rows = 0
        self.nbytes = BYTES_PER_NAME * len(plan.names) + sum(map(len, plan.names))
        self.counted = (
            False  # its calls still wait: a caller that sends other names each time fills the queue with them
        )
        self.nulls = [0] * len(plan.names)
        self.violations: dict[tuple[int, str], int] = {}


class FeatureTotal:
    """Rows of one feature so far."""

    __slots__ = ("nulls", "values")

    def __init__(self) -> None:
        self.values = 0
        self.nulls = 0


class SeriesBudget:
    """Features that may still get series of their own, over all models of the process."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self) -> bool:
        """One more, if there is one."""
        self.left -= 1
        return self.left >= 0

    def give_back(self, count: int) -> None:
        """So many that are not needed any more."""
        self.left = max(0, self.left) + count


class ModelCounts:
    """Counts of one model."""

    def __init__(self, policy: Policy, window: float, budget: SeriesBudget) -> None:
        self._policy = policy
        self._budget = budget
        self._window = window
        self._schemas: dict[tuple[str, ...], Schema] = {}
        self.reset()

    def reset(self) -> None:
        """Back to zero."""
        self._schemas.clear()
        self._touched: dict[int, Schema] = {}
        self.features: dict[str, FeatureTotal] = {}
        self.violations: dict[tuple[str, str], int] = {}
        self.predictions: dict[tuple[str, str | None], int] = {}
        self._snapshots: deque[tuple[float, dict[str, tuple[int, int]]]] = deque(maxlen=SNAPSHOTS + 1)

    def schema(self, names: tuple[str, ...], known: frozenset[str] | None) -> Schema:
        """The schema of these names. Called in the caller's thread; all else runs under the aggregator's lock."""
        found = self._schemas.get(names)
        if found is None:
            if len(self._schemas) >= MAX_SCHEMAS:
                self._schemas.pop(next(iter(list(self._schemas))), None)
            found = self._schemas[names] = Schema(self._policy.plan(names, known))
        return found

    def add(self, features: Row | Batch, schema: Schema, violations: Mapping[tuple[int, str], int] = NONE) -> None:
        """Count one row, or every row of a batch, whatever part of it was captured."""
        self._touch(schema)
        schema.rows += features.size
        if isinstance(features, Row):
            for index in features.nulls:
                schema.nulls[index] += 1
        else:
            for index, nulls in enumerate(features.null_counts().tolist()):
                if nulls:
                    schema.nulls[index] += nulls
        for violation, count in violations.items():
            schema.violations[violation] = schema.violations.get(violation, 0) + count

    def add_prediction(self, operation: str, label: str | None, count: int = 1) -> None:
        """Count rows that got an output. `label` only where the classes are declared, so that it is bounded."""
        key = (operation, None if label is None else self._policy.text(label))
        self.predictions[key] = self.predictions.get(key, 0) + count

    def inherit(self, other: ModelCounts) -> None:
        """Add the predictions of a model that has ended."""
        for key, count in other.predictions.items():
            self.predictions[key] = self.predictions.get(key, 0) + count

    def end_features(self) -> None:
        """End the series of features, for others to have them."""
        self._fold_all()
        self._budget.give_back(len(self.features.keys() - {OTHER_FEATURES}))
        self.features = {}
        self.violations = {}
        self._snapshots.clear()

    def fold(self) -> None:
        """Move what the schemas have counted into the totals, and step the live window."""
        self._fold_all()
        now = time.monotonic()
        if not self._snapshots or now - self._snapshots[-1][0] >= self._window / SNAPSHOTS:
            self._snapshots.append((now, {name: (total.values, total.nulls) for name, total in self.features.items()}))

    def recent(self) -> Iterator[tuple[str, int, int]]:
        """Rows and nulls by feature over the live window; of all rows while the process is younger than the window."""
        oldest = self._snapshots[0][1] if len(self._snapshots) > SNAPSHOTS else {}
        for name, total in list(self.features.items()):
            values, nulls = oldest.get(name, (0, 0))
            yield name, total.values - values + total.nulls - nulls, total.nulls - nulls

    def _touch(self, schema: Schema) -> None:
        if id(schema) not in self._touched and len(self._touched) >= MAX_SCHEMAS:
            self._fold_all()  # a collection may be a minute away, and each schema may have 10,000 names
        self._touched[id(schema)] = schema
        schema.counted = True

    def _fold_all(self) -> None:
        for schema in self._touched.values():
            self._fold(schema)
        self._touched.clear()

    def _fold(self, schema: Schema) -> None:
        for index, nulls in enumerate(schema.nulls):
            total = self.features[self._series(schema.plan.safe_name(index))]
            total.nulls += nulls
            total.values += schema.rows - nulls
        for (index, kind), count in schema.violations.items():
            key = (self._series(schema.plan.safe_name(index)), kind)
            self.violations[key] = self.violations.get(key, 0) + count
        schema.rows = 0
        schema.nulls = [0] * len(schema.nulls)
        schema.violations = {}

    def _series(self, name: str) -> str:
        if name in self.features:
            return name
        if not self._budget.take():
            name = OTHER_FEATURES
        self.features.setdefault(name, FeatureTotal())
        return name

"""What a model is: its identity, what its framework tells of it, and what is computed once for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_ml.counts import ModelCounts
from otel_ml.observation import label_of
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.monitoring.watch import Watch


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a framework can tell about a model object without calling it.

    Attributes:
        class_name: class of the final estimator, without its module.
        framework: name of the library, such as ``scikit-learn``.
        framework_version: its version.
        task: a value of ``ml.task.type``, or None if not known.
        classes: the labels of a classifier in the order of its probabilities, or None.
        feature_names: the names seen when the model was fitted, or None.
    """

    class_name: str
    framework: str = ""
    framework_version: str = ""
    task: str | None = None
    classes: tuple[object, ...] | None = None
    feature_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a model is on every signal. Two objects with one identity are one model."""

    name: str
    version: str | None = None
    alias: str | None = None
    task: str | None = None
    classes: tuple[str, ...] = ()
    baseline: str | None = None  # its id: traffic that is compared with another baseline is another model's

    def attributes(self) -> dict[str, str]:
        """Name, and version and alias where they are known."""
        found = {names.ML_MODEL_NAME: self.name}
        if self.version:
            found[names.ML_MODEL_VERSION] = self.version
        if self.alias:
            found[names.ML_MODEL_ALIAS] = self.alias
        return found


class Model:
    """One identity, with what is computed once for it: its attributes by operation, and its counts."""

    def __init__(self, identity: Identity, info: ModelInfo, counts: ModelCounts, watch: Watch | None = None) -> None:
        self.identity = identity
        self.info = info
        self.counts = counts
        self.watch = watch
        self.task = identity.task or info.task
        # as text, once: reading outputs would convert them again for every call
        self.classes = tuple(map(label_text, info.classes or identity.classes)) or None
        self.class_labels = frozenset(self.classes or ())
        self.known = frozenset(info.feature_names) if info.feature_names else None
        self._by_operation: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {}

    def describe(self, operation: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """Name of the span, attributes of the span, attributes of the metrics. Shared: copy before changing."""
        found = self._by_operation.get(operation)
        if found is None:
            found = self._by_operation.setdefault(operation, self._describe(operation))
        return found

    def _describe(self, operation: str) -> tuple[str, dict[str, str], dict[str, str]]:
        metric = {names.ML_OPERATION_NAME: operation, **self.model_attributes()}
        span = dict(metric)
        if self.info.framework:
            span[names.ML_FRAMEWORK_NAME] = self.info.framework
        if self.info.framework_version:
            span[names.ML_FRAMEWORK_VERSION] = self.info.framework_version
        if self.task:
            span[names.ML_TASK_TYPE] = self.task
        return f"{operation} {self.identity.name}", span, metric

    def model_attributes(self) -> dict[str, str]:
        """What every metric of a model carries."""
        return self.identity.attributes()


def label_text(label: object) -> str:
    """A class label as it stands on every signal: the same text for ``1``, ``np.int64(1)`` and ``1.0``."""
    return label_of(label) or ""

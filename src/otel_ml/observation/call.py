"""The call that an output belongs to: what its readers go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from otel_ml.observation.labels import class_labels, is_nested
from otel_ml.observation.results import Outputs

PROBABILITIES: Final = frozenset({"predict_proba", "predict_log_proba"})
MARGINS: Final = frozenset({"decision_function"})
VECTORS: Final = frozenset({"transform", "embed"})  # their numbers are no predictions: only the rows are counted

Reader = Callable[[Any, "Call"], Outputs]


@dataclass(slots=True)  # not frozen: each call makes one, and that would take four times as long
class Call:
    """What is known about the call that an output belongs to.

    Attributes:
        operation: `ml.operation.name`.
        task: `ml.task.type`, if known.
        classes: A sequence of labels, one such sequence per output, or None.
        rows: Of the input, if known.
        read: Reads a result of any type; handed down, since there are answers in answers.
        depth: How deep in the result the present part is.
    """

    operation: str
    task: str | None
    classes: Any
    rows: int | None
    read: Reader
    depth: int = 0

    @property
    def names(self) -> tuple[str, ...] | None:
        """The class labels as text, if they are declared for one output."""
        return None if is_nested(self.classes) else class_labels(self.classes)

    def deeper(self) -> Call:
        """Returns the same call for a part of its result."""
        return Call(self.operation, self.task, self.classes, self.rows, self.read, self.depth + 1)

    def of_one_row(self) -> Call:
        """Returns the same call for a part of its result that is of one row."""
        return Call(self.operation, self.task, self.classes, 1, self.read, self.depth + 1)

    def part(self, result: Any) -> Outputs:
        """Reads a part of the result."""
        return self.read(result, self.deeper())

    @property
    def regression(self) -> bool:
        """Whether numbers are values, not labels."""
        return self.task in ("regression", "forecasting", "ranking", "recommendation")


def is_label(call: Call) -> bool:
    """Tells whether a float that `predict` returned is a class: XGBoost and models trained on 0.0 and 1.0."""
    return not call.regression and (call.classes is not None or call.task in ("classification", "clustering"))

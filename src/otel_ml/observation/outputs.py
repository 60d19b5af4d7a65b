"""The way out: whatever a model returned, as `Outputs` by row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_ml.observation.describing import describe, root_module
from otel_ml.observation.labels import class_labels, is_nested, label_of
from otel_ml.observation.records import SCALARS, fields_of
from otel_ml.observation.results import OutputRow, Outputs, RowOutputs
from otel_ml.observation.values import IMMUTABLE, plain

PROBABILITIES: Final = frozenset({"predict_proba", "predict_log_proba"})
MARGINS: Final = frozenset({"decision_function"})
VECTORS: Final = frozenset({"transform", "embed"})  # their numbers are no predictions: only the rows are counted

_MAX_NESTING: Final = 3  # {"predictions": [[…]]} and the like


@dataclass(frozen=True, slots=True)
class Call:
    """What is known about the call that an output belongs to."""

    operation: str
    task: str | None
    classes: Any  # a sequence of labels, one such sequence per output, or None
    rows: int | None
    depth: int = 0

    @property
    def names(self) -> tuple[str, ...] | None:
        """The class labels as text, if they are declared for one output."""
        return None if is_nested(self.classes) else class_labels(self.classes)

    def deeper(self) -> Call:
        """Returns the same call for a part of its result."""
        return Call(self.operation, self.task, self.classes, self.rows, self.depth + 1)

    @property
    def regression(self) -> bool:
        """Whether numbers are values, not labels."""
        return self.task in ("regression", "forecasting", "ranking", "recommendation")


def read_outputs(
    result: object,
    *,
    operation: str,
    task: str | None = None,
    classes: Sequence[object] | None = None,
    rows: int | None = None,
) -> Outputs:
    """Reads the result of one model call, and keeps nothing of it that the caller could change.

    Labels become text: "1" for 1, 1.0 and np.int64(1), "true" for True. The score is the confidence, the probability
    of the predicted class; a margin or a regression's result is the value. Numbers that `predict` returns are
    values if they are floats (unless classes are known or the task is a classification), else labels.

    Args:
        result: What the model returned. Never changed.
        operation: `ml.operation.name`: predict, predict_proba, decision_function and so on.
        task: `ml.task.type`, if known.
        classes: The model's class labels in its order; one sequence per output for a multi-output classifier.
        rows: Rows of the input, if known: tells one row's vector from one number for each of many rows.

    Returns:
        The outputs by row; without rows for None, described in `extra` for what cannot be read.

    Example:
        >>> read_outputs([[0.2, 0.8]], operation="predict_proba", classes=["no", "yes"]).row(0)
        OutputRow(label='yes', score=0.8, value=None, class_scores=(('yes', 0.8), ('no', 0.2)), labels=(), values=(), extra={})
    """
    return read(result, Call(operation, task, classes, rows))


def read(result: Any, call: Call) -> Outputs:
    """Reads one result, or a part of one."""
    kind = type(result)
    if result is None or call.depth > _MAX_NESTING:
        return Outputs()
    if kind in SCALARS or kind in IMMUTABLE:
        return RowOutputs([scalar_output(result, call)])
    roots = {root_module(base) for base in kind.__mro__}
    reader = _array_reader(kind, roots)
    if reader is not None:
        return reader(result, call)
    fields = fields_of(kind)
    if fields is not None:
        from otel_ml.observation.answers import read_answer

        return read_answer(fields(result), call)
    if issubclass(kind, list | tuple):
        from otel_ml.observation.sequences import read_sequence

        items = list.__iter__(result) if issubclass(kind, list) else tuple.__iter__(result)
        return read_sequence(result if kind is list or kind is tuple else list(items), call)
    if roots & {"pandas", "polars", "pyarrow", "narwhals", "modin", "cudf"}:
        from otel_ml.observation.tables import read_table

        return read_table(result, call)
    return described(result)


def _array_reader(kind: type, roots: set[str]) -> Callable[[Any, Call], Outputs] | None:
    if "numpy" in roots:
        np = sys.modules["numpy"]
        if issubclass(kind, np.ndarray):
            from otel_ml.observation.matrices import read_output_array

            return read_output_array
        if issubclass(kind, np.generic):
            return lambda value, call: RowOutputs([scalar_output(value, call)])
    if "scipy" in roots and hasattr(kind, "tocsr"):
        from otel_ml.observation.matrices import read_output_sparse

        return read_output_sparse
    if roots & {"torch", "tensorflow", "jax", "jaxlib"} and hasattr(kind, "shape"):
        from otel_ml.observation.matrices import read_output_tensor

        return read_output_tensor
    return None


def scalar_output(value: object, call: Call) -> OutputRow:
    """Returns the output that one scalar is."""
    found, kind = plain(value)
    if found is None:
        return OutputRow()
    if kind == "object":
        return OutputRow(extra={"output": found})
    if type(found) is str or type(found) is bool:
        return OutputRow(label=label_of(found))
    if call.operation in PROBABILITIES:
        return OutputRow(score=_probability(float(found), call.operation))
    if call.operation != "predict" or call.regression or (type(found) is float and not is_label(call)):
        return OutputRow(value=float(found))
    return OutputRow(label=label_of(found))


def is_label(call: Call) -> bool:
    """Tells whether a float that `predict` returned is a class: XGBoost and models trained on 0.0 and 1.0."""
    return not call.regression and (call.classes is not None or call.task in ("classification", "clustering"))


def _probability(number: float, operation: str) -> float:
    from math import exp

    return exp(min(number, 0.0)) if operation == "predict_log_proba" else number


def described(result: object, size: int = 1) -> Outputs:
    """Returns the outputs for a result that cannot be read: what it is, in `extra`."""
    if size != 1:
        return Outputs(size)
    return RowOutputs([OutputRow(extra={"output": describe(result)})])

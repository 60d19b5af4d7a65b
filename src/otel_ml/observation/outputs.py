"""The way out: whatever a model returned, as `Outputs` by row."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from otel_ml.observation.answers import read_answer
from otel_ml.observation.call import Call, Reader
from otel_ml.observation.describing import root_module
from otel_ml.observation.matrices import read_output_array, read_output_sparse, read_output_tensor
from otel_ml.observation.records import SCALARS, fields_of
from otel_ml.observation.results import Outputs, RowOutputs
from otel_ml.observation.scalars import described, scalar_output
from otel_ml.observation.sequences import read_sequence
from otel_ml.observation.tables import read_table
from otel_ml.observation.values import IMMUTABLE

_MAX_NESTING: Final = 3  # {"predictions": [[…]]} and the like


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
        The outputs by row; without rows for None (unless `rows` is 1), described in `extra` for what cannot be read.

    Example:
        >>> read_outputs([[0.2, 0.8]], operation="predict_proba", classes=["no", "yes"]).row(0)
        OutputRow(label='yes', score=0.8, value=None, class_scores=(('yes', 0.8), ('no', 0.2)), labels=(), values=(), extra={})
    """
    return read(result, Call(operation, task, classes, rows, read))


def read(result: Any, call: Call) -> Outputs:
    """Reads one result, or a part of one."""
    kind = type(result)
    # None for one row is what was predicted for it; for many, or for nobody knows how many, it says nothing of any of them.
    if call.depth > _MAX_NESTING or (result is None and call.rows != 1):
        return Outputs()
    if kind in SCALARS or kind in IMMUTABLE:
        return RowOutputs([scalar_output(result, call)])
    roots = {root_module(base) for base in kind.__mro__}
    reader = _array_reader(kind, roots)
    if reader is not None:
        return reader(result, call)
    fields = fields_of(kind)
    if fields is not None:
        return read_answer(fields(result), call)
    if issubclass(kind, list | tuple):
        items = list.__iter__(result) if issubclass(kind, list) else tuple.__iter__(result)
        return read_sequence(result if kind is list or kind is tuple else list(items), call)
    if roots & {"pandas", "polars", "pyarrow", "narwhals", "modin", "cudf"}:
        return read_table(result, call)
    return described(result)


def _array_reader(kind: type, roots: set[str]) -> Reader | None:
    if "numpy" in roots:
        np = sys.modules["numpy"]
        if issubclass(kind, np.ndarray):
            return read_output_array
        if issubclass(kind, np.generic):
            return lambda value, call: RowOutputs([scalar_output(value, call)])
    if "scipy" in roots and hasattr(kind, "tocsr"):
        return read_output_sparse
    if roots & {"torch", "tensorflow", "jax", "jaxlib"} and hasattr(kind, "shape"):
        return read_output_tensor
    return None

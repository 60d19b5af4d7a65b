"""One scalar that a model returned; and of what cannot be read, what it is."""

from __future__ import annotations

from otel_ml.observation.call import PROBABILITIES, VECTORS, Call, is_label
from otel_ml.observation.describing import describe
from otel_ml.observation.labels import label_of
from otel_ml.observation.results import OutputRow, Outputs, RowOutputs
from otel_ml.observation.values import plain


def scalar_output(value: object, call: Call) -> OutputRow:
    """Returns the output that one scalar is."""
    found, kind = plain(value)
    if found is None:
        return OutputRow(nulls=_null_of(call.operation))
    if kind == "object":
        return OutputRow(extra={"output": found})
    if type(found) is str or type(found) is bool:
        return OutputRow(label=label_of(found))
    if call.operation in PROBABILITIES:
        return OutputRow(score=_probability(float(found), call.operation))
    if call.operation != "predict" or call.regression or (type(found) is float and not is_label(call)):
        return OutputRow(value=float(found))
    return OutputRow(label=label_of(found))


def _null_of(operation: str) -> tuple[str, ...]:
    return () if operation in VECTORS else ("score",) if operation in PROBABILITIES else ("label",)


def _probability(number: float, operation: str) -> float:
    from math import exp

    return exp(min(number, 0.0)) if operation == "predict_log_proba" else number


def described(result: object, size: int = 1) -> Outputs:
    """Returns the outputs for a result that cannot be read: what it is, in `extra`."""
    if size != 1:
        return Outputs(size)
    return RowOutputs([OutputRow(extra={"output": describe(result)})])

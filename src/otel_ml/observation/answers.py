"""Answers with names: dicts and objects with fields."""

from __future__ import annotations

from typing import Any, Final

from otel_ml.observation.describing import root_module
from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.labels import label_of
from otel_ml.observation.outputs import PROBABILITIES, Call, is_label, read
from otel_ml.observation.records import SCALARS
from otel_ml.observation.results import OutputRow, Outputs, RowOutputs
from otel_ml.observation.rows import Row

# In order of preference; compared in lower case.
LABEL_KEYS: Final = ("label", "class", "predicted_class", "predicted_label", "class_name", "category")
PREDICTION_KEYS: Final = ("prediction", "predicted", "pred", "predict", "result", "output")
SCORE_KEYS: Final = ("probability", "confidence", "score", "proba", "prob")
VALUE_KEYS: Final = ("value", "predicted_value", "estimate")
CLASS_SCORE_KEYS: Final = ("probabilities", "class_scores", "class_probabilities", "probas", "scores")
WRAPPERS: Final = ("predictions", "outputs", "results", "prediction", "output", "result", "data")

MAX_EXTRA: Final = 64
_MAX_CLASSES: Final = 10_000


def read_answer(answer: dict[Any, Any], call: Call) -> Outputs:
    """Reads a dict, or the fields of an object, as one row or as columns."""
    deeper = call.deeper()
    if len(answer) == 1:
        key, inner = next(iter(answer.items()))
        if type(key) is str and key.lower() in WRAPPERS and type(inner) not in SCALARS:
            return read(inner, deeper)
    if call.rows is not None and not SCALARS.issuperset(map(type, answer.values())):
        from otel_ml.observation.tables import read_columns_of_rows

        by_row = read_columns_of_rows(answer, call)
        if by_row is not None:
            return by_row
    scores = _distribution(answer, call)
    if scores is not None:
        return RowOutputs([with_scores(OutputRow(), scores)])
    names = [key.lower() if type(key) is str else "" for key in answer]
    found: dict[str, float] = {}
    rest = dict(answer)
    for key, name in zip(answer, names, strict=True):
        if name in CLASS_SCORE_KEYS:
            found = _class_scores(answer[key], call.names) or {}
            if found:
                del rest[key]
                break
    observed = read_inputs(rest)
    if isinstance(observed, Row):
        row = read_row(observed, call)
        return RowOutputs([with_scores(row, found) if found else row])
    from otel_ml.observation.tables import read_columns

    return read_columns(observed, call) if observed is not None else Outputs()


def _distribution(answer: dict[Any, Any], call: Call) -> dict[str, float] | None:
    """Returns class scores if the whole dict is one: probabilities by class."""
    if len(answer) < 2 or len(answer) > _MAX_CLASSES or set(map(type, answer.values())) != {float}:
        return None
    keys = {label_of(key) for key in answer}
    declared = call.names is not None and keys <= set(call.names)
    unit = all(0.0 <= value <= 1.0 for value in answer.values()) and abs(sum(answer.values()) - 1.0) < 1e-3
    if declared or call.operation in PROBABILITIES or (unit and not keys & {*SCORE_KEYS, *VALUE_KEYS}):
        return {label_of(key) or "": value for key, value in answer.items()}
    return None


def _class_scores(scores: Any, names: tuple[str, ...] | None) -> dict[str, float] | None:
    if root_module(type(scores)) == "numpy" and getattr(scores, "ndim", 0) == 1:
        scores = scores.tolist()
    if type(scores) is list and names is not None and len(scores) == len(names):
        scores = dict(zip(names, scores, strict=True))
    if type(scores) is not dict or not scores or not set(map(type, scores.values())) <= {float, int}:
        return None
    return {label_of(key) or "": float(value) for key, value in list(scores.items())[:_MAX_CLASSES]}


def with_scores(row: OutputRow, scores: dict[str, float]) -> OutputRow:
    """Adds class scores to `row`, and what follows from them where it is not known: label and confidence."""
    ordered = sorted(((name, score) for name, score in scores.items() if score == score), key=lambda pair: -pair[1])
    row.class_scores = tuple(ordered)
    if ordered and row.label is None:
        row.label = ordered[0][0]
    if ordered and row.score is None:
        row.score = scores.get(row.label or "", ordered[0][1])
    return row


def read_row(row: Row, call: Call) -> OutputRow:
    """Returns the output that one row of named scalars is: known names recognised, the rest extra."""
    found = OutputRow()
    for name, value in zip(row.names, row.values, strict=True):
        if value is None:
            continue
        role = role_of(name, value, call)
        if role == "label" and found.label is None:
            found.label = label_of(value)
        elif role == "score" and found.score is None:
            found.score = float(value)
        elif role == "value" and found.value is None:
            found.value = float(value)
        elif len(found.extra) < MAX_EXTRA:
            found.extra[name] = value
    return found


def role_of(name: str, value: object, call: Call) -> str:
    """Returns label, score, value or extra, by the name first and then by what the value can be."""
    name = name.lower()
    number = type(value) is float or type(value) is int
    if name in LABEL_KEYS:
        return "label"
    if name in PREDICTION_KEYS:
        if number and (call.regression or (type(value) is float and not is_label(call))):
            return "value"
        return "label"
    if name in SCORE_KEYS and number:  # a credit score of 720 is no confidence
        return "score" if 0 <= value <= 1 else "value"  # type: ignore[operator]  # a number, as just checked
    return "value" if name in VALUE_KEYS and number else "extra"

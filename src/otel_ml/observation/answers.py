"""Answers with names: dicts and objects with fields."""

from __future__ import annotations

from typing import Any, Final

from otel_ml.observation.call import PROBABILITIES, Call
from otel_ml.observation.describing import root_module
from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.labels import label_of
from otel_ml.observation.records import SCALARS
from otel_ml.observation.results import OutputRow, Outputs, RowOutputs
from otel_ml.observation.roles import SCORE_KEYS, VALUE_KEYS, read_row
from otel_ml.observation.rows import Row
from otel_ml.observation.tables import read_columns, read_columns_of_rows

# Compared in lower case.
CLASS_SCORE_KEYS: Final = ("probabilities", "class_scores", "class_probabilities", "probas", "scores")
WRAPPERS: Final = ("predictions", "outputs", "results", "prediction", "output", "result", "data")

_MAX_CLASSES: Final = 10_000


def read_answer(answer: dict[Any, Any], call: Call) -> Outputs:
    """Reads a dict, or the fields of an object, as one row or as columns."""
    if len(answer) == 1:
        key, inner = next(iter(answer.items()))
        if type(key) is str and key.lower() in WRAPPERS and type(inner) not in SCALARS:
            return call.part(inner)
    if call.rows is not None and not SCALARS.issuperset(map(type, answer.values())):
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
    if len(ordered) < len(scores):
        row.nulls += ("class_scores",) if ordered else ("label", "score", "class_scores")
    if ordered and row.label is None:
        row.label = ordered[0][0]
    if ordered and row.score is None:
        row.score = scores.get(row.label or "", ordered[0][1])
    return row

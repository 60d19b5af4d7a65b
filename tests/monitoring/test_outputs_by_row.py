"""What is null, and what was not said, does not depend on how many rows a call is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import otel_ml
from otel_ml.drift import Baseline
from otel_ml.drift.variables import OUTPUTS, Variable
from tests.monitoring.conftest import Model
from tests.support.telemetry import Telemetry

ROWS = 100
SIZES = (1, 10, ROWS)
NULLS = 10
"""The first rows: all that a call of ten is of."""

NAN = float("nan")
CLASSES = ("stays", "leaves")

Counts = tuple[int, int]
"""Nulls and values."""

UNSAID: Counts = (0, 0)
ALL: Counts = (0, ROWS)
SOME: Counts = (NULLS, ROWS - NULLS)


class Kind(NamedTuple):
    """One kind of answer.

    Attributes:
        answer: to the rows of a range.
        prediction, score, entropy: nulls and values among all rows.
        call: what is known of the call.
    """

    answer: Callable[[range], Any]
    prediction: Counts = UNSAID
    score: Counts = UNSAID
    entropy: Counts = UNSAID
    call: dict[str, Any] = {}  # noqa: RUF012 - never changed


def array(values: np.ndarray, null: object = None, place: Any = ...) -> Callable[[range], Any]:
    """Rows of an array, some of which are null, or null at one place."""
    held = values.copy()
    if null is not None:
        held[:NULLS, place] = null
    return lambda rows: held[rows.start : rows.stop]


def each(answer: Callable[[int, bool], Any]) -> Callable[[range], Any]:
    """One answer for one row, and a list of them for many; `answer` is told the row, and whether it is to be null."""
    return lambda rows: _one_or_all([answer(row, row < NULLS) for row in rows])


def _one_or_all(answers: list[Any]) -> Any:
    return answers[0] if len(answers) == 1 else answers


def columns(
    label: Sequence[object], score: Sequence[object], make: Callable[..., Any] = dict
) -> Callable[[range], Any]:
    """Answers by column."""
    return lambda rows: make({"label": label[rows.start : rows.stop], "score": score[rows.start : rows.stop]})


SECOND = np.random.default_rng(3).uniform(0.01, 0.99, ROWS)
BOTH = np.column_stack([1 - SECOND, SECOND])
LABELS: list[object] = [CLASSES[place] for place in BOTH.argmax(axis=1)]
SCORES: list[object] = BOTH.max(axis=1).tolist()
FEWER_LABELS, FEWER_SCORES = [[null] * NULLS + some[NULLS:] for null, some in ((None, LABELS), (NAN, SCORES))]
NO_LABELS = np.full(ROWS, None, dtype=object)

PROBA: dict[str, Any] = {"operation": "predict_proba"}
KNOWN = {**PROBA, "classes": CLASSES}
LOG: dict[str, Any] = {"operation": "predict_log_proba", "classes": CLASSES}
MARGIN: dict[str, Any] = {"operation": "decision_function"}
NUMBER: dict[str, Any] = {"task": "regression"}
VECTOR: dict[str, Any] = {"operation": "transform"}

KINDS = {
    "labels": Kind(array(np.array(LABELS)), ALL),
    "labels, some None": Kind(array(np.array(FEWER_LABELS, dtype=object)), SOME),
    "labels, all None": Kind(array(NO_LABELS), (ROWS, 0)),
    "a list of labels, some None": Kind(lambda rows: FEWER_LABELS[rows.start : rows.stop], SOME),
    "a label or None": Kind(each(lambda row, null: FEWER_LABELS[row]), SOME),
    "None": Kind(each(lambda row, null: None), (ROWS, 0)),
    "whole numbers as labels": Kind(each(lambda row, null: row % 3), ALL),
    "booleans": Kind(array(SECOND > 0.5), ALL),
    "probabilities of classes": Kind(array(BOTH), ALL, ALL, ALL, KNOWN),
    "probabilities of classes, some NaN": Kind(array(BOTH, NAN), SOME, SOME, SOME, KNOWN),
    "probabilities of classes, all NaN": Kind(array(BOTH * NAN), (ROWS, 0), (ROWS, 0), (ROWS, 0), KNOWN),
    "probabilities, one of them NaN": Kind(array(BOTH, NAN, 0), ALL, ALL, SOME, KNOWN),
    "probabilities, one below zero": Kind(array(BOTH, -0.5, 0), ALL, ALL, SOME, KNOWN),
    "logarithms of probabilities": Kind(array(np.log(BOTH), NAN), SOME, SOME, SOME, LOG),
    "probabilities without classes": Kind(array(BOTH), UNSAID, ALL, ALL, PROBA),
    "probabilities without classes, some NaN": Kind(array(BOTH, NAN), UNSAID, SOME, SOME, PROBA),
    "probabilities of one class": Kind(array(SECOND), UNSAID, ALL, ALL, PROBA),
    "probabilities of one class, some NaN": Kind(array(SECOND, NAN), UNSAID, SOME, SOME, PROBA),
    "probabilities of the second class, some NaN": Kind(array(SECOND, NAN), SOME, SOME, SOME, KNOWN),
    "margins, some NaN": Kind(array(SECOND - 0.5, NAN), SOME, call={**MARGIN, "classes": CLASSES}),
    "margins without classes, some NaN": Kind(array(SECOND - 0.5, NAN), SOME, call=MARGIN),
    "margins of each class, some NaN": Kind(array(BOTH, NAN), SOME, call={**MARGIN, "classes": CLASSES}),
    "margins of pairs": Kind(array(BOTH), call=MARGIN),
    "values, some NaN": Kind(array(SECOND, NAN), SOME, call=NUMBER),
    "a value or None": Kind(each(lambda row, null: None if null else 1.5), SOME, call=NUMBER),
    "several values": Kind(array(BOTH, NAN), call=NUMBER),
    "several labels": Kind(array(np.array([["a", "b"]] * ROWS))),
    "several labels, or none": Kind(array(BOTH > 0.5)),
    "label and score": Kind(each(lambda row, null: (LABELS[row], SCORES[row])), ALL, ALL),
    "named label and score": Kind(each(lambda row, null: {"label": LABELS[row], "score": SCORES[row]}), ALL, ALL),
    "named label or None": Kind(each(lambda row, null: {"label": FEWER_LABELS[row]}), SOME),
    "named label or None, beside a score": Kind(
        each(lambda row, null: {"label": FEWER_LABELS[row], "score": SCORES[row]}), SOME, ALL
    ),
    "named label beside a score or None": Kind(
        each(lambda row, null: {"label": LABELS[row], "score": None if null else 0.5}), ALL, SOME
    ),
    "a label, or something else": Kind(
        each(lambda row, null: {"n": 1} if null else {"label": LABELS[row]}), (0, ROWS - NULLS)
    ),
    "named score": Kind(each(lambda row, null: {"score": SCORES[row]}), UNSAID, ALL),
    "something else with a name": Kind(each(lambda row, null: {"n": 1})),
    "probability by class": Kind(
        each(lambda row, null: {"stays": NAN if null else 0.25, "leaves": 0.75}), ALL, ALL, SOME, KNOWN
    ),
    "probability by class, all NaN": Kind(
        each(lambda row, null: {"stays": NAN, "leaves": NAN}), (ROWS, 0), (ROWS, 0), (ROWS, 0), KNOWN
    ),
    "columns": Kind(columns(LABELS, SCORES), ALL, ALL),
    "columns, some null": Kind(columns(FEWER_LABELS, FEWER_SCORES), SOME, SOME),
    "a frame, some null": Kind(columns(FEWER_LABELS, FEWER_SCORES, pd.DataFrame), SOME, SOME),
    "a frame without labels": Kind(columns([None] * ROWS, SCORES, pd.DataFrame), (ROWS, 0), ALL),
    "a frame of probabilities": Kind(
        lambda rows: pd.DataFrame(array(BOTH, NAN)(rows), columns=CLASSES), SOME, SOME, SOME, KNOWN
    ),
    "a transformed vector": Kind(array(BOTH, NAN), call=VECTOR),
    "a transformed number": Kind(array(SECOND, NAN), call=VECTOR),
    "more answers than rows": Kind(lambda rows: ["stays"] * (len(rows) + 1)),
    "no answer to any row": Kind(lambda rows: []),
    "an array of three dimensions": Kind(array(np.zeros((ROWS, 3, 2)))),
    "complex numbers": Kind(array(SECOND * 1j)),
    "objects": Kind(each(lambda row, null: object())),
    "images": Kind(each(lambda row, null: np.zeros((2, 2, 2)))),
}


def baseline(identifier: str, *, numeric: bool) -> Baseline:
    """With all three outputs; bins matter little here."""
    age = Variable("age", rows=4_000, edges=(30.0, 50.0), counts=(1_000, 2_000, 1_000))
    prediction = Variable("prediction", subject="prediction", kind="categorical", categories=CLASSES, counts=(2, 2, 0))
    if numeric:
        prediction = Variable("prediction", subject="prediction", edges=(0.5,), counts=(2, 2))
    score, entropy = (Variable(name, subject=name, edges=(0.75,), counts=(2, 2)) for name in ("score", "entropy"))
    return Baseline(identifier, 4_000, (age, prediction, score, entropy))


def counted(telemetry: Telemetry, size: int) -> dict[str, Counts]:
    found: dict[str, list[int]] = {subject: [0, 0] for subject in OUTPUTS}
    for point in telemetry.metric("ml.prediction.observations", {"ml.model.version": str(size)}):
        is_value = point.attributes["ml.prediction.bin"] != "null"
        found[str(point.attributes["ml.drift.subject"])][is_value] += int(point.value)
    return {subject: (nulls, values) for subject, (nulls, values) in found.items()}


@pytest.mark.parametrize("numeric", [False, True], ids=["a class", "a number"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_same_answers_count_the_same_in_one_row_as_in_many(
    kind: Kind, numeric: bool, telemetry: Telemetry, instrument: Callable[..., None]
) -> None:
    instrument(drift="counts")
    models = [Model() for _ in SIZES]
    for model, size in zip(models, SIZES, strict=True):
        otel_ml.register_model(model, "churn", version=str(size), baseline=baseline(f"{size:012}", numeric=numeric))
        for start in range(0, ROWS, size):
            rows = range(start, start + size)
            with otel_ml.inference("churn", version=str(size), **kind.call) as call:
                call.input({"age": 40.0} if size == 1 else pd.DataFrame({"age": [40.0] * size}))
                call.output(kind.answer(rows))
    otel_ml.flush()
    due = {"prediction": kind.prediction, "score": kind.score, "entropy": kind.entropy}
    assert {size: counted(telemetry, size) for size in SIZES} == dict.fromkeys(SIZES, due)

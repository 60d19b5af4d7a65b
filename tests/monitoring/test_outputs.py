"""Answers of a model as values of the baseline's variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from otel_ml.drift import Baseline, Variable
from otel_ml.monitoring.outputs import MISSING, OutputReader
from otel_ml.observation import read_outputs


def reader(*subjects: str, numeric: bool = False) -> OutputReader:
    kinds = {"prediction": "numeric" if numeric else "categorical"}
    variables = [Variable(name, subject=name, kind=kinds.get(name, "numeric")) for name in subjects]  # type: ignore[arg-type]
    return OutputReader(Baseline("", 0, tuple(variables)))


def answer(read: OutputReader, found: list[Any], index: int) -> tuple[Any, Any, Any]:
    return read.answer(read.said(found, index, 3))


def together(read: OutputReader, found: list[Any], positions: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Rows that have the same outputs, read as those of a batch."""
    [(places, columns)] = read.of_rows(found, 3, positions)
    assert places is None
    return columns


PROBABILITIES = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])


def outputs(result: Any, operation: str = "predict", **known: Any) -> Any:
    return read_outputs(result, operation=operation, rows=3, **known)


def test_probabilities_give_label_confidence_and_entropy_one_by_one_and_together() -> None:
    read = reader("prediction", "score", "entropy")
    found = outputs(PROBABILITIES, "predict_proba", classes=["no", "yes"])
    columns = together(read, [found])
    assert columns["prediction"].tolist() == ["yes", "no", "no"]
    assert columns["score"].tolist() == [0.75, 0.5, 1.0]
    assert columns["entropy"] == pytest.approx([0.8112781244591328, 1.0, 0.0], abs=1e-12)
    rows = [answer(read, [found], index) for index in range(3)]
    for place, name in enumerate(("prediction", "score", "entropy")):
        assert [row[place] for row in rows] == pytest.approx(columns[name].tolist(), abs=1e-12)


def test_what_one_call_does_not_say_another_one_on_the_same_rows_may() -> None:
    read = reader("prediction", "score")
    labels = outputs(np.array(["yes", "no", "no"]))
    scores = outputs(PROBABILITIES, "predict_proba")
    assert answer(read, [labels, scores], 0) == ("yes", 0.75, MISSING)
    columns = together(read, [labels, scores], np.array([2]))
    assert {name: column.tolist() for name, column in columns.items()} == {"prediction": ["no"], "score": [1.0]}


def test_the_first_call_to_have_a_place_for_a_thing_is_believed_in_one_row_as_in_many() -> None:
    read, as_number = reader("prediction", "score"), reader("prediction", numeric=True)
    labels = outputs(np.array(["yes", None, "no"], dtype=object))
    scores = outputs(PROBABILITIES, "predict_proba", classes=["no", "yes"])
    values = outputs(np.array([1.5, np.nan, 3.5]))
    for found, reading, expected in (
        ([labels, scores], read, ["yes", None, "no"]),
        ([scores, labels], read, ["yes", "no", "no"]),
        ([values, labels], read, ["yes", None, "no"]),
        ([labels, values], as_number, [1.5, None, 3.5]),
    ):
        many = [None if value != value else value for value in together(reading, found)["prediction"].tolist()]
        assert many == [answer(reading, found, index)[0] for index in range(3)] == expected


def test_rows_that_were_answered_one_by_one_have_places_of_their_own_in_a_batch_too() -> None:
    read = reader("prediction", "score")
    found = outputs([{"label": "yes", "score": 0.75}, {"score": 0.5}, {"label": None, "score": None}])
    assert [
        (places, {name: column.tolist() for name, column in columns.items()})
        for places, columns in read.of_rows([found], 3, np.array([1, 2]))
    ] == [([0], {"score": [0.5]}), ([1], {"prediction": [None], "score": [None]})]


def test_none_is_a_null_prediction_of_one_row_and_says_nothing_of_many() -> None:
    read = reader("prediction", "score")
    one = read_outputs(None, operation="predict", rows=1)
    assert read.answer(read.said([one], 0, 1)) == (None, MISSING, MISSING)
    assert read.of_rows([outputs(None)], 3, None) == [(None, {})]


def test_a_number_is_a_number_where_the_baseline_has_one() -> None:
    as_number, as_label = reader("prediction", numeric=True), reader("prediction")
    values = outputs(np.array([1.5, 2.5, 3.5]))
    assert together(as_number, [values])["prediction"].tolist() == [1.5, 2.5, 3.5]
    assert answer(as_label, [values], 0)[0] == 1.5
    labels = outputs(np.array([1, 2, 3]), classes=[1, 2, 3], task="classification")
    assert together(as_number, [labels])["prediction"].tolist() == [1.0, 2.0, 3.0]
    assert answer(as_number, [labels], 1)[0] == 2.0
    texts = outputs(np.array(["a", "b", "c"]))
    assert answer(as_number, [texts], 0)[0] == "a", "a value of another type"


def test_nothing_is_read_that_the_baseline_does_not_have_or_the_call_did_not_say() -> None:
    found = outputs(PROBABILITIES, "predict_proba")
    assert together(reader(), [found]) == {}
    assert answer(reader(), [found], 0) == (MISSING, MISSING, MISSING)
    assert answer(reader("score"), [], 0) == (MISSING, MISSING, MISSING)
    assert answer(reader("score", "entropy"), [outputs(np.array(["a", "b", "c"]))], 0) == (MISSING, MISSING, MISSING)


def test_rows_with_other_outputs_are_columns_of_their_own() -> None:
    read = reader("prediction", "score")
    scores, labels = outputs(PROBABILITIES, "predict_proba"), outputs(np.array(["yes", "no", "no"]))
    said = [
        read.said([scores], 0, 3),
        None,
        read.said([labels], 1, 3),
        read.said([scores], 1, 3),
        read.said([labels, scores], 2, 3),
    ]
    found = [
        (places, {name: column.tolist() for name, column in columns.items()}) for places, columns in read.columns(said)
    ]
    assert found == [
        ([0, 3], {"score": [0.75, 0.5]}),
        ([1], {}),
        ([2], {"prediction": ["no"]}),
        ([4], {"prediction": ["no"], "score": [1.0]}),
    ]
    assert read.columns([None, None]) == [(None, {})]
    [(places, columns)] = read.columns([said[0], said[3]])
    assert places is None
    assert {name: column.tolist() for name, column in columns.items()} == {"score": [0.75, 0.5]}
    assert together(read, [scores]).keys() == {"score"}, "and so do rows that come together"

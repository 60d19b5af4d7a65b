"""What each kind of result is read as."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
import scipy.sparse

from otel_ml.observation import OutputRow, label_of, read_outputs

NAN = float("nan")
YES_NO = ("no", "yes")
NESTED = [np.array([0, 1]), np.array([0, 1])]
LABELS: dict[str, str | int | float | bool] = {"label_0": "a", "label_1": "b"}
CAT_DOG = (("cat", 0.9), ("dog", 0.1))


class Answer(pydantic.BaseModel):
    label: str
    score: float


class Answers(pydantic.BaseModel):
    label: list[str]
    score: list[float]


@dataclasses.dataclass
class Price:
    value: float
    currency: str


Case = tuple[str, Any, dict[str, Any], list[OutputRow]]

PREDICT: list[Case] = [
    ("int", 1, {}, [OutputRow("1")]),
    ("float", 1.0, {}, [OutputRow(value=1.0)]),
    ("float of a classifier", 1.0, {"classes": (0.0, 1.0)}, [OutputRow("1")]),
    ("int of a regression", 1, {"task": "regression"}, [OutputRow(value=1.0)]),
    ("text", "churn", {}, [OutputRow("churn")]),
    ("bool", True, {}, [OutputRow("true")]),
    ("numpy scalar", np.float32(0.5), {}, [OutputRow(value=0.5)]),
    ("nan", NAN, {}, [OutputRow()]),
    ("labels", np.array(["a", "b"]), {}, [OutputRow("a"), OutputRow("b")]),
    ("int labels", np.array([1, 0]), {}, [OutputRow("1"), OutputRow("0")]),
    ("bool labels", np.array([True, False]), {}, [OutputRow("true"), OutputRow("false")]),
    ("bytes labels", np.array([b"a"]), {}, [OutputRow("a")]),
    ("mixed labels", np.array([1, "a", None], dtype=object), {}, [OutputRow("1"), OutputRow("a"), OutputRow()]),
    ("float labels", np.array([1.0, 0.0]), {"task": "classification"}, [OutputRow("1"), OutputRow("0")]),
    ("clusters", np.array([-1, 2]), {"task": "clustering"}, [OutputRow("-1"), OutputRow("2")]),
    ("values", np.array([1.5, NAN]), {}, [OutputRow(value=1.5), OutputRow()]),
    ("one column", np.array([[1.5], [2.5]]), {}, [OutputRow(value=1.5), OutputRow(value=2.5)]),
    ("list of values", [1.5, 2.5], {}, [OutputRow(value=1.5), OutputRow(value=2.5)]),
    ("list of labels", ["a", None], {}, [OutputRow("a"), OutputRow()]),
    ("masked", np.ma.array([1.5, 2.5], mask=[False, True]), {}, [OutputRow(value=1.5), OutputRow()]),
    ("series", pd.Series([1.5], index=["row"]), {}, [OutputRow(value=1.5)]),
    ("categories", pd.Series(["a", None], dtype="category"), {}, [OutputRow("a"), OutputRow()]),
    ("polars", pl.Series([1, 2]), {}, [OutputRow("1"), OutputRow("2")]),
    ("frame of one column", pd.DataFrame({"y": [1.5, 2.5]}), {}, [OutputRow(value=1.5), OutputRow(value=2.5)]),
    ("several values", np.array([[1.5, 2.5]]), {}, [OutputRow(values=(1.5, 2.5))]),
    ("vector of one row", [1.5, 2.5], {"rows": 1}, [OutputRow(values=(1.5, 2.5))]),
    ("several labels", np.array([["a", "b"]]), {}, [OutputRow(labels=("a", "b"))]),
    ("several classes", np.array([[3, 4]]), {}, [OutputRow(labels=("3", "4"))]),
    (
        "indicators",
        np.array([[1, 0, 1], [0, 0, 0]]),
        {"classes": ("a", "b", "c")},
        [OutputRow(labels=("a", "c")), OutputRow()],
    ),
    ("indicators of a forest", np.array([[0, 1]]), {"classes": NESTED}, [OutputRow(labels=("1",))]),
    (
        "sparse indicators",
        scipy.sparse.csr_array([[0, 1], [1, 0]]),
        {},
        [OutputRow(labels=("1",)), OutputRow(labels=("0",))],
    ),
    (
        "softmax",
        np.array([[0.25, 0.75]]),
        {"classes": YES_NO},
        [OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25)))],
    ),
    ("mean and deviation", (np.array([1.5]), np.array([0.5])), {}, [OutputRow(value=1.5, extra={"std": 0.5})]),
    ("label and score", ("churn", 0.93), {}, [OutputRow("churn", 0.93)]),
    ("class and score", (1, 0.93), {}, [OutputRow("1", 0.93)]),
    ("pairs", [("a", 0.5), ("b", 0.25)], {}, [OutputRow("a", 0.5), OutputRow("b", 0.25)]),
    ("dict", {"label": "a", "score": 0.5, "model": "m"}, {}, [OutputRow("a", 0.5, extra={"model": "m"})]),
    ("dict with other words", {"prediction": 1, "Probability": 0.75}, {}, [OutputRow("1", 0.75)]),
    ("dict with a number", {"prediction": 12.5}, {}, [OutputRow(value=12.5)]),
    (
        "dict with class scores",
        {"label": "dog", "probabilities": {"dog": 0.1, "cat": 0.9}},
        {},
        [OutputRow("dog", 0.1, class_scores=CAT_DOG)],
    ),
    ("dict of classes", {"dog": 0.1, "cat": 0.9}, {}, [OutputRow("cat", 0.9, class_scores=CAT_DOG)]),
    ("a score that is no confidence", {"score": 720}, {}, [OutputRow(value=720.0)]),
    ("nested dict", {"a": {"b": 1}}, {}, [OutputRow(extra={"a_b": 1})]),
    ("wrapped", {"predictions": [1, 2]}, {}, [OutputRow("1"), OutputRow("2")]),
    ("columns", {"label": ["a", "b"], "score": [0.5, None]}, {}, [OutputRow("a", 0.5), OutputRow("b")]),
    ("a column", {"label": ["a", "b"]}, {"rows": 2}, [OutputRow("a"), OutputRow("b")]),
    ("a column of one row", {"label": ["a"]}, {"rows": 1}, [OutputRow("a")]),
    ("a column of values", {"price": (1.5, 2.5)}, {"rows": 2}, [OutputRow(value=1.5), OutputRow(value=2.5)]),
    ("a list for another number of rows", {"label": ["a", "b"]}, {"rows": 3}, [OutputRow(extra=LABELS)]),
    (
        "columns of numpy's scalars",
        {"label": [np.str_("a"), np.str_("b")], "score": [np.float64(0.5), None]},
        {"rows": 2},
        [OutputRow("a", 0.5), OutputRow("b")],
    ),
    (
        "columns, and what is of no row",
        {"predictions": np.array(["a", "b"]), "model": "m", "top": [1, 2, 3]},
        {"rows": 2},
        [OutputRow("a"), OutputRow("b")],
    ),
    (
        "a column beside lists by row",
        {"label": ["a", "b"], "tags": [["x"], ["y", "z"]]},
        {"rows": 2},
        [OutputRow("a"), OutputRow("b")],
    ),
    (
        "columns of a pydantic",
        Answers(label=["a", "b"], score=[0.5, 0.25]),
        {"rows": 2},
        [OutputRow("a", 0.5), OutputRow("b", 0.25)],
    ),
    ("list of dicts", [{"label": "a"}, {"label": "b", "score": 0.5}], {}, [OutputRow("a"), OutputRow("b", 0.5)]),
    (
        "frame",
        pd.DataFrame({"prediction": ["a"], "confidence": [0.5], "note": ["n"]}),
        {},
        [OutputRow("a", 0.5, extra={"note": "n"})],
    ),
    ("pydantic", Answer(label="a", score=0.5), {}, [OutputRow("a", 0.5)]),
    ("list of pydantic", [Answer(label="a", score=0.5)], {}, [OutputRow("a", 0.5)]),
    ("dataclass", Price(9.5, "EUR"), {}, [OutputRow(value=9.5, extra={"currency": "EUR"})]),
    ("object", object(), {}, [OutputRow(extra={"output": "<object>"})]),
    ("bytes", b"abc", {}, [OutputRow(extra={"output": "<bytes 3>"})]),
    ("images", np.zeros((2, 4, 4)), {}, [OutputRow(), OutputRow()]),
    ("none", None, {}, []),
    ("empty", [], {}, []),
]

PROBABILITIES: list[Case] = [
    (
        "a column of lists by class",
        {"probabilities": [[0.25, 0.75]]},
        {"rows": 1, "classes": YES_NO},
        [OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25)))],
    ),
    (
        "a column by class",
        {"no": [0.25, 0.5], "yes": [0.75, 0.5]},
        {"rows": 2},
        [
            OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25))),
            OutputRow("no", 0.5, class_scores=(("no", 0.5), ("yes", 0.5))),
        ],
    ),
    (
        "matrix",
        np.array([[0.25, 0.75], [0.6, 0.4]]),
        {"classes": YES_NO},
        [
            OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25))),
            OutputRow("no", 0.6, class_scores=(("no", 0.6), ("yes", 0.4))),
        ],
    ),
    ("no classes", [[0.25, 0.75]], {}, [OutputRow(None, 0.75, class_scores=(("1", 0.75), ("0", 0.25)))]),
    (
        "one row as a vector",
        [0.25, 0.75],
        {"classes": YES_NO},
        [OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25)))],
    ),
    (
        "of the positive class",
        np.array([[0.25]]),
        {"classes": YES_NO},
        [OutputRow("no", 0.75, class_scores=(("no", 0.75), ("yes", 0.25)))],
    ),
    ("scalar", 0.75, {}, [OutputRow(score=0.75)]),
    ("unknown", [[NAN, NAN]], {"classes": YES_NO}, [OutputRow()]),
    ("partly unknown", [[NAN, 0.5]], {"classes": YES_NO}, [OutputRow("yes", 0.5, class_scores=(("yes", 0.5),))]),
    (
        "per output",
        [np.array([[0.2, 0.7, 0.1]]), np.array([[0.9, 0.1]])],
        {"classes": [["a", "b", "c"], ["x", "y"]]},
        [OutputRow(labels=("b", "x"))],
    ),
    ("per label", [np.array([[0.2, 0.8]]), np.array([[0.9, 0.1]])], {"classes": NESTED}, [OutputRow(labels=("0",))]),
    (
        "frame",
        pd.DataFrame({"no": [0.25], "yes": [0.75]}),
        {},
        [OutputRow("yes", 0.75, class_scores=(("yes", 0.75), ("no", 0.25)))],
    ),
]

OTHERS: list[tuple[str, str, Any, dict[str, Any], list[OutputRow]]] = [
    (
        "log",
        "predict_log_proba",
        np.array([[0.0, -np.inf]]),
        {"classes": YES_NO},
        [OutputRow("no", 1.0, class_scores=(("no", 1.0), ("yes", 0.0)))],
    ),
    (
        "margin",
        "decision_function",
        np.array([-1.5, 2.5]),
        {"classes": YES_NO},
        [OutputRow("no", value=-1.5), OutputRow("yes", value=2.5)],
    ),
    (
        "margins",
        "decision_function",
        np.array([[-1.5, 2.5, 0]]),
        {"classes": ("a", "b", "c")},
        [OutputRow("b", value=2.5)],
    ),
    (
        "margins of pairs",
        "decision_function",
        np.zeros((1, 3)),
        {"classes": ("a", "b")},
        [OutputRow(values=(0.0, 0.0, 0.0))],
    ),
    ("anomaly", "decision_function", np.array([-0.5]), {}, [OutputRow(value=-0.5)]),
    ("density", "score_samples", np.array([-3.5]), {}, [OutputRow(value=-3.5)]),
    ("transform", "transform", np.zeros((2, 3)), {}, [OutputRow(), OutputRow()]),
    ("rank", "rank", np.array([0.5, 0.25]), {}, [OutputRow(value=0.5), OutputRow(value=0.25)]),
]

CASES = [
    *[(name, "predict", *rest) for name, *rest in PREDICT],
    *[(name, "predict_proba", *rest) for name, *rest in PROBABILITIES],
    *OTHERS,
]


@pytest.mark.parametrize(
    ("operation", "result", "known", "rows"),
    [case[1:] for case in CASES],
    ids=[f"{case[1]} {case[0]}" for case in CASES],
)
def test_results(operation: str, result: Any, known: dict[str, Any], rows: list[OutputRow]) -> None:
    outputs = read_outputs(result, operation=operation, **known)
    assert outputs.size == len(rows)
    assert [outputs.row(index) for index in range(outputs.size)] == rows
    for column, expected in (
        (outputs.labels(), [row.label for row in rows]),
        (outputs.scores(), [row.score for row in rows]),
        (outputs.values(), [row.value for row in rows]),
    ):
        if column is None:
            assert not any(value is not None for value in expected)
        else:
            assert [None if value != value else value for value in column] == expected


def test_rows_are_checked() -> None:
    outputs = read_outputs(np.array([1, 2]), operation="predict")
    for index in (-1, 2):
        with pytest.raises(IndexError):
            outputs.row(index)


def test_labels_are_text() -> None:
    values = ["a", 1, np.int64(1), 1.0, 1.5, True, np.bool_(False), None, NAN, 2**70]
    assert [label_of(value) for value in values] == ["a", "1", "1", "1", "1.5", "true", "false", None, None, str(2**70)]


def test_equal_values_of_different_types_keep_their_own_text() -> None:
    outputs = read_outputs(np.array([True, 1, 1.0, "1"], dtype=object), operation="predict")
    assert outputs.labels() == ["true", "1", "1", "1"]


@pytest.mark.parametrize("operation", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("dtype", ["float64", "int64", "object", "str"])
@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 2)])
def test_later_changes_of_the_result_are_not_seen(operation: str, dtype: str, shape: tuple[int, ...]) -> None:
    result = np.ones(shape).astype(dtype)
    outputs = read_outputs(result, operation=operation, classes=YES_NO)
    before = [outputs.row(index) for index in range(3)]
    again = read_outputs(result.copy(), operation=operation, classes=YES_NO)
    result.fill(0)
    assert [again.row(index) for index in range(3)] == before == [outputs.row(index) for index in range(3)]
    assert again.labels() == outputs.labels()


def test_many_answers_are_read_as_few_are() -> None:
    few = [{"label": "a", "score": 0.5, "rank": 1}, {"label": "b", "score": None}, {"label": None, "value": 2.5}]
    expected = read_outputs(few, operation="predict")
    many = read_outputs(few * 1_000, operation="predict")
    assert many.size == 3_000
    assert [many.row(2_997 + index) for index in range(3)] == [expected.row(index) for index in range(3)]


@pytest.mark.parametrize(
    ("result", "operation", "expected"),
    [
        (None, "predict", ("label",)),
        (NAN, "predict_proba", ("score",)),
        (NAN, "transform", ()),
        ({"label": None, "score": 0.5}, "predict", ("label",)),
        ({"Label": "a", "score": None, "value": None}, "predict", ("score", "value")),
        ({"n": None}, "predict", ()),
        ({"no": NAN, "yes": 0.75}, "predict_proba", ("class_scores",)),
        ({"no": NAN, "yes": NAN}, "predict_proba", ("label", "score", "class_scores")),
        ({"no": 0.25, "yes": 0.75}, "predict_proba", ()),
    ],
)
def test_an_empty_place_in_an_answer_is_told_from_none_at_all(
    result: object, operation: str, expected: tuple[str, ...]
) -> None:
    assert read_outputs(result, operation=operation, rows=1).row(0).nulls == expected


def test_a_column_of_nothing_but_nan_is_still_a_score() -> None:
    found = read_outputs(pd.DataFrame({"label": ["a", "b"], "score": [NAN, NAN]}), operation="predict", rows=2)
    scores = found.scores()
    assert scores is not None
    assert np.isnan(scores).all()

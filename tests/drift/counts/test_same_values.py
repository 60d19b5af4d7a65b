"""What a model takes as the same value counts as the same, in whatever type it was fitted and is served.

The same table, in words, is in docs/guides/baseline.md.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.layout import FIRST, TYPE, UNSEEN
from otel_ml.drift.tables import column_array
from tests.drift.counts.binners import objects

Make = Callable[[list[Any]], Any]

ROWS: Final = 2_000
VALUES: Final[dict[str, list[Any]]] = {
    "truths": [True, False, True, True, False],
    "whole": [3, 1, 2, 12, 7],
    "prices": [9.99, 0.1, 0.3, 19.99, 250.25],
    "words": ["basic", "pro", "team", "pro", "007"],
    "days": ["2026-01-01", "2026-01-02", "2026-02-01", "2026-03-01", "2026-03-02"],
}


def mixture(values: list[Any]) -> Any:
    """Every other value in another type."""
    others = (str, np.float32, Decimal, float, lambda value: value)
    return objects(*[others[row % 5](value) for row, value in enumerate(values)])


TYPES: Final[dict[str, Make]] = {
    "float64": lambda values: np.array(values, dtype=np.float64),
    "float32": lambda values: np.array(values, dtype=np.float32),
    "float16": lambda values: np.array(values, dtype=np.float16),
    "int64": lambda values: np.array(values, dtype=np.int64),
    "int8": lambda values: np.array(values, dtype=np.int8),
    "bool": lambda values: np.array(values, dtype=bool),
    "objects": lambda values: objects(*values),
    "mixture": mixture,
    "decimal": lambda values: objects(*[Decimal(str(float(value))) for value in values]),
    "text": lambda values: objects(*[str(value) for value in values]),
    "float text": lambda values: objects(*[str(float(value)) for value in values]),
    "digit text": lambda values: objects(*[str(int(value)) for value in values]),
    "small text": lambda values: objects(*[str(value).lower() for value in values]),
    "numpy text": lambda values: np.array([str(value) for value in values]),
    "numpy str": lambda values: objects(*[np.str_(value) for value in values]),
    "bytes": lambda values: np.array([str(value).encode() for value in values]),
    "nullable int": lambda values: pd.Series(values, dtype="Int64"),
    "nullable float": lambda values: pd.Series(values, dtype="Float64"),
    "nullable bool": lambda values: pd.Series(values, dtype="boolean"),
    "categorical": lambda values: pd.Series(values).astype("category"),
    "datetime64": lambda values: np.array(values, dtype="M8[D]"),
    "datetimes": lambda values: pd.Series(pd.to_datetime(values)),
}

TEXTS: Final = ("text", "numpy text", "numpy str", "bytes")
INTEGERS: Final = ("int64", "int8", "nullable int", "digit text", "float text", "objects", "categorical")
FLOATS: Final = ("float64", "float32", "decimal", "nullable float")
ALL: Final[dict[str, tuple[str, ...]]] = {
    "truths": ("bool", "nullable bool", *INTEGERS, *FLOATS, "float16", *TEXTS, "small text"),
    "whole": (*INTEGERS, *FLOATS, "float16", *TEXTS, "mixture"),
    "prices": (*FLOATS, "objects", "categorical", *TEXTS, "mixture"),
    "words": ("objects", "categorical", *TEXTS),
    "days": ("datetime64", "datetimes", *TEXTS),
}
CASES: Final = [(values, fitted, served) for values, names in ALL.items() for fitted in names for served in names]


def column(values: str, name: str) -> np.ndarray:
    found: np.ndarray = column_array(TYPES[name](VALUES[values] * (ROWS // 5)))
    return found


def counted(baseline: Baseline, served: np.ndarray) -> np.ndarray:
    binner = Binner(baseline)
    found = np.zeros(binner.shape, dtype=np.int64)
    if baseline.variables[0].subject == "prediction":
        binner.count({}, ROWS, found, {"prediction": served})
    else:
        binner.count({"x": served}, ROWS, found)
    row: np.ndarray = found[0]
    return row


def is_of_another_type(values: str, fitted: str, served: str) -> bool:
    """The exceptions."""
    if values == "days":  # a date may be served as its text, but dates that were trained on as texts are texts
        return (served not in TEXTS) if fitted in TEXTS else served == "bytes"
    names_of_truths = {*TEXTS, "small text"}
    were_numbers = {*INTEGERS, *FLOATS, "float16"} - {"digit text", "float text", "objects", "categorical"}
    return values == "truths" and served in names_of_truths and fitted in were_numbers  # "True" is no number


@pytest.mark.parametrize(("values", "fitted", "served"), CASES)
def test_the_same_value_counts_as_the_same_in_every_type(values: str, fitted: str, served: str) -> None:
    baseline = Baseline.fit({"x": column(values, fitted)}, projections=False)
    (variable,) = baseline.variables
    expected, found = counted(baseline, column(values, fitted)), counted(baseline, column(values, served))
    assert tuple(expected[FIRST : FIRST + len(variable.counts)]) == variable.counts
    assert (sum(variable.counts), expected[:FIRST].tolist()) == (ROWS, [0] * FIRST)
    if is_of_another_type(values, fitted, served):
        assert found[TYPE] == ROWS
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("served", ["bool", "int64", "float32", "digit text", "float text", "text", "small text"])
@pytest.mark.parametrize("fitted", ["bool", "int64", "float64", "digit text", "float text", "text", "small text"])
def test_two_classes_are_the_same_however_they_are_written(fitted: str, served: str) -> None:
    made = Baseline.fit({"y": column("truths", fitted)}, prediction="y")
    assert counted(made, column("truths", served)).tolist() == counted(made, column("truths", fitted)).tolist()
    assert counted(made, column("truths", served))[[TYPE, UNSEEN]].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "fitted", "served"),
    [
        ("whole", "int64", ["basic"]),
        ("whole", "float32", ["007"]),
        ("whole", "int64", ["nan"]),
        ("whole", "int64", np.array(["2026-01-01"], dtype="M8[D]")),
        ("truths", "bool", [2]),
        ("truths", "bool", ["yes"]),
        ("words", "text", [7]),
        ("words", "text", [True]),
        ("days", "datetime64", [1_767_225_600]),
        ("days", "datetime64", ["soon"]),
    ],
)
def test_what_is_another_value_is_of_another_type(values: str, fitted: str, served: Any) -> None:
    baseline = Baseline.fit({"x": column(values, fitted)}, projections=False)
    assert counted(baseline, np.repeat(column_array(served), ROWS))[TYPE] == ROWS


def test_a_float16_is_what_it_was_rounded_to() -> None:
    baseline = Baseline.fit({"x": column("prices", "float64")}, projections=False)
    assert counted(baseline, column("prices", "float16"))[FIRST:].tolist() != list(baseline.variables[0].counts)


def test_texts_of_whole_numbers_are_the_same_with_a_zero_behind_the_point() -> None:
    for fitted in ("digit text", "float text"):
        baseline = Baseline.fit({"x": column("whole", fitted)}, projections=False)
        assert baseline.variables[0].kind == "categorical"
        for served in (3, 3.0, "3", "3.0", np.int8(3), Decimal(3)):
            assert counted(baseline, objects(*[served] * ROWS))[[TYPE, UNSEEN]].tolist() == [0, 0]
        assert counted(baseline, objects(*["3.1", "03"] * (ROWS // 2)))[UNSEEN] == ROWS

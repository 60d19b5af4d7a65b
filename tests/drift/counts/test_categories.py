from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.counts.categories import Categories
from otel_ml.drift.counts.labels import MAX_LABEL, category_of
from otel_ml.drift.layout import FIRST, NULL, TYPE, UNSEEN
from otel_ml.drift.variables import Constraints, Variable

WIDTH = 12


def variable(
    *categories: str, kind: Any = "categorical", known: tuple[str, ...] | None = (), **constraints: Any
) -> Variable:
    counts = (1,) * (len(categories) + 1)
    return Variable(
        "c", kind=kind, categories=categories, known=known, counts=counts, constraints=Constraints(**constraints)
    )


def counted(of: Variable, column: np.ndarray) -> dict[str, int]:
    """Counts by name: of the reserved columns, and of the bins by their label."""
    row = np.zeros(WIDTH, dtype=np.int64)
    Categories(of).count(column, row)
    names = {NULL: "null", TYPE: "type", UNSEEN: "unseen"}
    names |= {FIRST + index: of.label(index) for index in range(len(of.counts))}
    return {names[index]: int(count) for index, count in enumerate(row) if count}


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@pytest.mark.parametrize(
    "column",
    [
        np.array(["a", "b", "a", "z", "q"]),
        np.array([b"a", b"b", b"a", b"z", b"q"]),
        objects("a", "b", "a", "z", "q"),
        objects("a", np.str_("b"), b"a", "z", 7),
    ],
)
def test_texts_in_every_form(column: np.ndarray) -> None:
    # z is known to the baseline though it has no bin; only what is not known is unseen
    assert counted(variable("a", "b", known=("z",)), column) == {"a": 2, "b": 1, "__other__": 2, "unseen": 1}


@pytest.mark.parametrize(
    "column",
    [
        np.array([1, 7, 1, 9, 2]),
        np.array([1, 7, 1, 9, 2], dtype=np.uint8),
        np.array([1, 7, 1, 2**64 - 1, 2], dtype=np.uint64),
        np.array([1.0, 7.0, 1.0, 0.5, 2.0], dtype=np.float32),
        np.array([1, 7, 1, 1e300, 2]),
        np.array([1, 7, 1, np.inf, 2]),
        objects(1, 7, 1, 9, 2),
        objects(1, 7.0, "1", 10**400, np.int8(2)),
        np.array(["1", "7", "1", "9", "2"]),
    ],
)
def test_numbers_in_every_form(column: np.ndarray) -> None:
    assert counted(variable("1", "7", known=("2",)), column) == {"1": 2, "7": 1, "__other__": 2, "unseen": 1}


def test_numbers_far_apart_and_fractions() -> None:
    of = variable("-5", "1000000000", "0.5")
    assert counted(of, np.array([-5, 10**9, 0])) == {"-5": 1, "1000000000": 1, "__other__": 1, "unseen": 1}
    assert counted(of, np.array([-5, 1e9, 0.5, np.nan])) == {"-5": 1, "1000000000": 1, "0.5": 1, "null": 1}
    assert counted(of, np.array([0.5], dtype=np.float32)) == {"0.5": 1}


def test_a_negative_number_is_not_taken_for_a_large_one() -> None:
    of = variable("-1", "0")
    assert counted(of, np.array([2**64 - 1, 0], dtype=np.uint64)) == {"0": 1, "__other__": 1, "unseen": 1}


def test_nulls_of_every_kind() -> None:
    of = variable("a")
    assert counted(of, objects("a", None, float("nan"), np.datetime64("NaT"), "")) == {
        "a": 1, "null": 3, "__other__": 1, "unseen": 1,
    }  # fmt: skip
    assert counted(of, np.array([np.nan, np.nan])) == {"null": 2}


@pytest.mark.parametrize("categories", [("true", "false"), ("1", "0")])
@pytest.mark.parametrize(
    "column",
    [
        np.array([True, True, False]),
        np.array([1, 1, 0]),
        np.array([1.0, 1.0, 0.0]),
        objects(True, 1, 0.0),
        objects(True, True, False),
        objects("true", "1", "FALSE"),
        np.array(["True", "True", "False"]),
    ],
)
def test_a_boolean_is_one_however_it_is_written(categories: tuple[str, str], column: np.ndarray) -> None:
    assert counted(variable(*categories, kind="boolean"), column) == {categories[0]: 2, categories[1]: 1}


def test_what_is_no_boolean_is_of_another_type() -> None:
    of = variable("true", kind="boolean")
    assert counted(of, objects(True, "yes", 2, None, False)) == {
        "true": 1, "type": 2, "null": 1, "__other__": 1, "unseen": 1,
    }  # fmt: skip
    assert counted(of, np.array([1, 2, 3])) == {"true": 1, "type": 2}
    assert counted(variable(kind="boolean"), np.array([0, 1, 2])) == {"type": 1, "__other__": 2, "unseen": 2}


@pytest.mark.parametrize(
    "column",
    [
        np.array([False, False]),
        np.array([0, 0], dtype=np.int8),
        np.array([0.0, np.nan, -0.0]),
        objects(0, 0),
        objects(0, None, 0),
        objects(False, None, False),
        objects(0.0, 0),
        objects("false", "0"),
        objects(b"false", 0),
        np.array(["False", "0.0"]),
    ],
)
@pytest.mark.parametrize("categories", [("true",), ("1",)])
def test_the_truth_value_that_was_never_seen_is_unseen_however_it_is_written(
    categories: tuple[str, ...], column: np.ndarray
) -> None:
    found = counted(variable(*categories, kind="boolean"), column)
    assert {name: count for name, count in found.items() if name != "null"} == {"__other__": 2, "unseen": 2}


def test_what_is_no_truth_value_is_of_another_type_though_its_neighbour_is_one() -> None:
    for column in (np.array([1, 2, -1]), objects(1, 2, None, -1), np.array([1.0, 2.0, -1.0])):
        found = counted(variable("0", kind="boolean"), column)
        assert (found["type"], found["unseen"]) == (2, 1)


@pytest.mark.parametrize(
    ("expected", "right"),
    [
        ("string", {"x", "1"}),
        ("number", {1, 1.5}),
        ("integer", {1}),
        ("boolean", {1, "1"}),
        ("datetime", {"2024-01-01"}),
        (None, {"x", "1", 1, 1.5, "2024-01-01"}),
    ],
)
def test_the_constraint_decides_what_is_of_another_type(expected: str | None, right: set[Any]) -> None:
    of = variable("x", type=expected)
    for value in ("x", "1", 1, 1.5, True, "2024-01-01"):
        if expected == "string" and value == "2024-01-01":
            continue
        wrong = ("type" in counted(of, objects(value)), "type" in counted(of, np.array([value])))
        assert wrong == ((value not in right),) * 2, value


def test_the_constraint_decides_what_counts_as_unseen() -> None:
    of = variable("a", "b", known=("z",), allowed=("a", "new"))
    assert counted(of, np.array(["a", "b", "z", "new", "q"])) == {"a": 1, "b": 1, "__other__": 3, "unseen": 3}


def test_nothing_is_unseen_where_not_all_categories_could_be_kept() -> None:
    assert counted(variable("a", known=None), np.array(["a", "q"])) == {"a": 1, "__other__": 1}
    assert counted(variable("a", known=None), np.array([1, 2])) == {"__other__": 2}


def test_a_category_with_a_long_label_is_found() -> None:
    text = "x" * (MAX_LABEL + 50)
    assert counted(variable(category_of(text), "b"), np.array([text, "b"])) == {category_of(text): 1, "b": 1}


def test_dates_are_categories_by_their_text() -> None:
    of = variable("2024-01-01")
    assert counted(of, np.array(["2024-01-01", "NaT"], dtype="M8[D]")) == {"2024-01-01": 1, "null": 1}


@given(st.lists(st.integers(-10, 300_000)), st.lists(st.integers(-10, 300_000), max_size=5))
def test_whole_numbers_are_where_their_labels_say(rows: list[int], fitted: list[int]) -> None:
    labels = tuple(dict.fromkeys(map(str, fitted)))
    places = [FIRST + (labels.index(str(value)) if str(value) in labels else len(labels)) for value in rows]
    for dtype in (np.int64, np.int32, np.float64, np.object_):
        assert Categories(variable(*labels)).bins(np.array(rows, dtype=dtype)).tolist() == places

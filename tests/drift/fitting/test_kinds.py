"""Kinds are inferred from values, can be declared, and never flip in silence."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from otel_ml.drift import Baseline, BaselineError
from otel_ml.drift.checking import check
from otel_ml.drift.variables import Kind, Variable

ROWS = 2_400


def objects(values: list[Any]) -> np.ndarray:
    """The values again and again, as an array of objects."""
    found = np.empty(ROWS, dtype=object)
    found[:] = (values * ROWS)[:ROWS]
    return found


def fitted(column: Any, **options: Any) -> Variable:
    return Baseline.fit({"column": column}, **options).variables[0]


SENTENCES = objects([f"number {i} of the sentences that somebody wrote" for i in range(ROWS)])
IDS = objects([f"{i:08x}" for i in range(ROWS)])
RNG = np.random.default_rng(1)

INFERRED: dict[str, tuple[Any, Kind]] = {
    "floats": (RNG.normal(size=ROWS), "numeric"),
    "half floats": (RNG.normal(size=ROWS).astype(np.float16), "numeric"),
    "long doubles": (RNG.normal(size=ROWS).astype(np.longdouble), "numeric"),
    "integers": (np.arange(ROWS), "numeric"),
    "integers with few values": (np.arange(ROWS) % 3, "numeric"),
    "integers above 2**53": (2**53 + np.arange(ROWS), "numeric"),
    "integers above 2**64": (objects([2**70, 2**80, None]), "numeric"),
    "unsigned above 2**63": (2**63 + np.arange(ROWS, dtype=np.uint64), "numeric"),
    "denormals": (np.arange(ROWS) % 7 * 5e-324, "numeric"),
    "infinities": (np.where(np.arange(ROWS) % 2, np.inf, 1.0), "numeric"),
    "decimals": (objects([Decimal("1.5"), None]), "numeric"),
    "durations": (np.arange(ROWS).astype("m8[s]"), "numeric"),
    "booleans": (np.arange(ROWS) % 2 == 0, "boolean"),
    "booleans and nulls": (objects([True, False, None]), "boolean"),
    "booleans and 0 and 1": (objects([True, False, True, 1, 0]), "boolean"),
    "dates": (np.datetime64("2024-01-01") + np.arange(ROWS), "datetime"),
    "dates as objects": (objects([datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 2), None]), "datetime"),
    "few texts": (objects(["a", "b", None]), "categorical"),
    "fixed-width texts": (np.array(["aa", "b"] * (ROWS // 2)), "categorical"),
    "bytes": (np.array([b"aa", b"b"] * (ROWS // 2)), "categorical"),
    "some thousand texts, often repeated": (objects([f"city {i}" for i in range(300)]), "categorical"),
    "texts that hardly repeat": (IDS, "identifier"),
    "sentences": (SENTENCES, "text"),
    "nothing": (np.full(ROWS, np.nan), "masked"),
    "None": (objects([None]), "masked"),
    "lists": (objects([[1], [2]]), "masked"),
    "complex numbers": (np.ones(ROWS) + 1j, "masked"),
}


@pytest.mark.parametrize("name", INFERRED)
def test_the_kind_is_that_of_the_values(name: str) -> None:
    column, kind = INFERRED[name]
    variable = fitted(column)
    assert variable.kind == kind
    assert variable.rows == ROWS
    assert variable.wrong_type == 0


def test_a_whole_number_is_an_identifier_only_under_such_a_name() -> None:
    data = {
        "user_id": np.arange(ROWS),
        "amount": np.arange(ROWS),
        "grid": np.arange(ROWS),
        "id_age": np.arange(ROWS) % 9,
    }
    kinds = {variable.name: variable.kind for variable in Baseline.fit(data).variables}
    assert [kinds[name] for name in data] == ["identifier", "numeric", "numeric", "numeric"]


def test_an_identifier_is_compared_by_its_length() -> None:
    for column in (np.arange(10, 10 + ROWS), objects([str(i) for i in range(10, 10 + ROWS)])):
        variable = Baseline.fit({"id": column}).variables[0]
        assert variable.kind == "identifier"
        assert (variable.minimum, variable.maximum) == (2.0, 4.0)
        assert variable.distinct == pytest.approx(ROWS, rel=0.1)


@pytest.mark.parametrize("labels", [np.arange(ROWS) % 3, (np.arange(ROWS) % 3).astype(float)])
def test_few_whole_numbers_that_a_model_predicts_are_classes(labels: np.ndarray) -> None:
    variable = next(
        v for v in Baseline.fit({"x": labels, "y": labels}, prediction="y").variables if v.name == "prediction"
    )
    assert (variable.kind, variable.categories) == ("categorical", ("0", "1", "2"))
    amount = Baseline.fit({"y": np.arange(ROWS) % 500}, prediction="y").variables[0]
    assert amount.kind == "numeric"


DECLARED: list[tuple[Any, Kind]] = [
    (np.arange(ROWS) % 3, "categorical"),
    (np.arange(ROWS) % 3, "identifier"),
    (np.arange(ROWS) % 3, "masked"),
    (np.arange(ROWS) % 2 == 0, "numeric"),
    (np.arange(ROWS) % 2 == 0, "categorical"),
    (objects(["a", "b"]), "text"),
    (objects(["a", "b"]), "identifier"),
    (SENTENCES, "categorical"),
    (objects(["2024-01-01", "2024-01-02T10:00:00Z"]), "datetime"),
    (objects([0, 1]), "boolean"),
    (objects(["True", False, "0", 1.0]), "boolean"),
    (objects(["1", "2.50", 3, True, "-1e3"]), "numeric"),
    (np.full(ROWS, np.nan), "numeric"),
    (objects([None]), "categorical"),
]


@pytest.mark.parametrize(("column", "kind"), DECLARED, ids=[f"{kind} {i}" for i, (_, kind) in enumerate(DECLARED)])
def test_a_declared_kind_holds(column: np.ndarray, kind: Kind) -> None:
    variable = fitted(column, kinds={"column": kind})
    assert (variable.kind, variable.wrong_type) == (kind, 0)


def test_categories_are_declared_in_short() -> None:
    variable = fitted(np.array([10.0, 20.5, np.nan] * (ROWS // 3)), categorical=["column"])
    assert variable.categories == ("10", "20.5")
    assert variable.nulls == ROWS // 3


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (objects(["one", "007"]), "numeric"),
        (np.arange(ROWS), "text"),
        (np.arange(ROWS), "datetime"),
        (objects(["a"]), "boolean"),
    ],
)
def test_values_of_another_kind_than_declared_are_refused(column: np.ndarray, kind: Kind) -> None:
    with pytest.raises(BaselineError, match=f"column is declared {kind}, but 2,400 of its 2,400 values"):
        fitted(column, kinds={"column": kind})


def test_some_values_of_another_type_are_counted_as_such_and_said() -> None:
    with pytest.warns(UserWarning, match="column: 600 of 2,400 values are not of kind numeric"):
        variable = fitted(objects([*np.arange(120.0), *["many"] * 40]))
    assert (variable.kind, variable.wrong_type, sum(variable.counts)) == ("numeric", 600, 1_800)
    assert any("600 of 2,400 values are of another type" in note for note in variable.notes)
    with pytest.warns(UserWarning, match="600 of 2,400"):
        declared = fitted(objects([*np.arange(120.0), *["many"] * 40]), kinds={"column": "numeric"})
    assert declared.wrong_type == 600


def test_a_chunk_of_another_type_is_said() -> None:
    chunks = [{"column": np.arange(ROWS)}, {"column": objects(["x", "y"])[:600]}, {"column": np.arange(ROWS)}]
    with pytest.warns(UserWarning, match="column: 600 of 5,400 values are not of kind numeric"):
        variable = Baseline.fit(iter(chunks)).variables[0]
    assert variable.kind == "numeric"


def test_a_column_that_is_not_in_every_chunk_is_said() -> None:
    chunks = [{"a": np.arange(ROWS)}, {"a": np.arange(ROWS), "b": np.arange(ROWS)}]
    with pytest.warns(UserWarning, match="not in every chunk, such as 'b'"):
        baseline = Baseline.fit(iter(chunks))
    b = next(variable for variable in baseline.variables if variable.name == "b")
    assert (b.rows, b.nulls) == (2 * ROWS, ROWS)
    assert "not in every chunk: null where it was missing" in b.notes


@pytest.mark.parametrize("values", [["a", "b", 3, None], [1, 2, 3, "a"]])
def test_few_numbers_and_texts_beside_each_other_are_categories(values: list[Any]) -> None:
    variable = fitted(objects(values))
    assert variable.kind == "categorical"
    assert set(variable.categories) == {str(value) for value in values if value is not None}
    assert variable.constraints.type is None
    assert any("numbers and texts" in note for note in variable.notes)


def test_what_no_label_was_kept_of_makes_every_category_seen() -> None:
    variable = fitted(objects(["a", "b", "c", datetime.date(2024, 1, 1)]))
    assert (variable.categories, variable.counts, variable.known) == (("a", "b", "c"), (600, 600, 600, 600), None)


def test_a_category_that_no_file_can_hold_counts_with_the_others() -> None:
    column = objects(["a", "\ud800", "é"])
    baseline = Baseline.fit({"column": column})
    (variable,) = baseline.variables
    assert (variable.categories, variable.counts) == (("a", "é"), (ROWS // 3, ROWS // 3, ROWS // 3))
    assert Baseline.from_json(baseline.to_json().encode()).id == baseline.id
    report = check({"column": column}, baseline)
    assert (report.alarm, report.features[0].violations) == (False, {})

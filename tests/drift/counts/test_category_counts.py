"""Columns of every kind hold what their values hold label by label, by an oracle, and take about as long as texts do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_ml.drift.counts.categories import Categories
from otel_ml.drift.counts.labels import category_of, is_null
from otel_ml.drift.layout import FIRST
from otel_ml.drift.variables import Constraints, Kind, Variable
from tests.drift.counts.binners import objects
from tests.drift.counts.oracle import category_columns, category_counts
from tests.support.growth import assert_grows_less

WIDTH: Final = 32
UNKNOWN: Final = 2_000

integers = st.one_of(st.integers(-3, 9), st.integers(-3, 70_000), st.integers(10**15 - 9, 10**15 + 9), st.integers())
floats = st.one_of(st.integers(-3, 70_000).map(float), st.sampled_from([-0.0, 0.1, 0.5, 1e15, 1e16]), st.floats())
texts = st.one_of(st.text(max_size=2), integers.map(str), st.sampled_from(["true", "FALSE", "1.0", "0", "x" * 300]))
plain: Final = (integers, floats, texts, st.booleans(), st.none(), texts.map(str.encode))
mixed = st.lists(st.sampled_from(plain), min_size=1, max_size=3).flatmap(lambda some: st.lists(st.one_of(some)))


def arrays(dtype: Any, *of: st.SearchStrategy[Any]) -> st.SearchStrategy[np.ndarray]:
    return st.lists(st.one_of(of), min_size=1).map(lambda some: np.array(some, dtype=dtype))


typed: Final = (
    *(arrays(dtype, st.integers(-3, 9)) for dtype in (np.int8, np.float16, np.float32, np.float64)),
    arrays(np.int64, st.integers(-(2**63), 2**63 - 1), st.integers(0, 9)),
    arrays(np.uint64, st.integers(0, 2**64 - 1), st.integers(0, 9)),
    *(arrays(np.dtype(f"f{width // 8}"), st.floats(width=width)) for width in (16, 32, 64)),
    arrays(np.float64, floats),
    arrays(np.bool_, st.booleans()),
    arrays(np.str_, texts),
    arrays(np.bytes_, texts.map(str.encode)),
)
columns = st.one_of(mixed.map(lambda some: objects(*some)), *typed)


@st.composite
def variables(draw: st.DrawFn) -> Variable:
    of = draw(
        st.sampled_from([st.one_of(plain), integers, st.integers(0, 1), st.booleans(), st.sampled_from([0, "true"])])
    )
    drawn = draw(st.lists(of, max_size=8))
    labels = list(dict.fromkeys(category_of(value) for value in drawn if not is_null(value)))
    categories, rest = tuple(labels[::2]), tuple(labels[1::2])
    kind: Kind = draw(st.sampled_from(["categorical", "categorical", "boolean"]))
    allowed = draw(st.sampled_from([None, None, rest, categories[:1]]))
    expected = draw(st.sampled_from([None, None, "string", "number", "integer", "boolean"]))
    shared = draw(st.sampled_from([0, 3, 8]))
    return Variable(
        "c",
        kind=kind,
        categories=categories,
        known=draw(st.sampled_from([rest, (), None])),
        shared=shared,
        counts=(1,) * (len(categories) + (shared or 1)),
        constraints=Constraints(type=expected, allowed=allowed),
    )


def of_texts(*categories: str, **changes: Any) -> Variable:
    return Variable("c", kind="categorical", categories=categories, counts=(1,) * (len(categories) + 1), **changes)


@given(variables(), columns)
@example(of_texts("0"), objects(False))
@example(of_texts("1000000000000000"), objects(10**15))
@example(of_texts("a", known=("1",)), objects(True, "1.0", "x"))
@example(Variable("c", kind="boolean", categories=("true",), counts=(1, 1)), objects(0, None))
@example(Variable("c", kind="boolean", shared=3, counts=(1, 1, 1)), objects(b"0", 2))
def test_a_column_holds_what_its_values_hold(of: Variable, column: np.ndarray) -> None:
    categories = Categories(of)
    values = list(column) if column.dtype == np.float16 else column.tolist()  # it has fewer digits than as a float
    found = np.zeros(WIDTH, dtype=np.int64)
    categories.count(column, found)
    assert found.tolist() == category_counts(of, values, WIDTH)
    places = [next(place for place in category_columns(of, value) if place < 2 or place >= FIRST) for value in values]
    assert categories.bins(column).tolist() == places
    assert [int(categories.bins(column[row : row + 1])[0]) for row in range(len(column))] == places


def column_of(convert: Callable[[int], Any], *others: Any) -> np.ndarray:
    return objects(*others, *map(convert, range(10**6, 10**6 + UNKNOWN)))


@pytest.mark.parametrize(
    "column",
    [
        column_of(int, None),
        column_of(int, "x"),
        column_of(float),
        np.arange(UNKNOWN) + 10**15,
        np.arange(UNKNOWN) + 0.1,
    ],
    ids=["integers and a null", "integers and a text", "floats", "sixteen digits", "fractions"],
)
def test_what_is_unknown_takes_about_as_long_as_texts_do(column: np.ndarray) -> None:
    categories = Categories(Variable("c", kind="categorical", categories=(str(10**15),), shared=8, counts=(1,) * 9))
    unknown = column_of(str)
    # Naming a fraction takes nine times a text; finding shared bins one at a time took fifty times.
    assert_grows_less(25, lambda: categories.bins(unknown), lambda: categories.bins(column))

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.layout import FIRST, NON_FINITE, NULL, RANGE, TYPE, UNSEEN
from otel_ml.drift.projections import fit_projections, project
from otel_ml.drift.text import token_hash
from otel_ml.drift.variables import Constraints, Variable
from tests.drift.counts.oracle import numeric_columns, numeric_counts

EDGES = (-5e-324, 0.0, 5e-324, 1.0, 2.5, float(np.float32(3.1)), 2.0**53, 1e308)
AWKWARD = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.2e-308,
    1.0,
    2.5,
    3.1,
    float(np.float32(3.1)),
    1e308,
    1.8e308,
    np.inf,
    -np.inf,
    np.nan,
]
LIMITS = [
    Constraints(),
    Constraints(minimum=0.0, maximum=2.5),
    Constraints(non_negative=True),
    Constraints(minimum=-1.0, non_negative=True, type="number"),
    Constraints(type="integer", maximum=100.0),
]


def number(name: str = "x", edges: Iterable[float] = EDGES, **changes: Any) -> Variable:
    ends = tuple(edges)
    return Variable(name, edges=ends, counts=(1,) * (len(ends) + 1), **changes)


def binner(*variables: Variable, **changes: Any) -> Binner:
    return Binner(Baseline("", 0, variables, **changes))


def counts(target: Binner, columns: Mapping[str, Any], rows: int, **outputs: Any) -> np.ndarray:
    into = np.zeros(target.shape, dtype=np.int64)
    target.count(columns, rows, into, **outputs)
    return into


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def check(variable: Variable, column: np.ndarray, values: Sequence[Any]) -> None:
    """Few rows and many take different ways, and both must come out where plain Python does."""
    target = binner(variable)
    width = target.shape[1]
    assert counts(target, {"x": column}, len(column)).tolist() == [numeric_counts(variable, values, width)]
    repeats = 1 + 600 // max(1, len(column))
    many = np.concatenate([column] * repeats)
    expected = [repeats * count for count in numeric_counts(variable, values, width)]
    assert counts(target, {"x": many}, len(many)).tolist() == [expected]
    found = target.bins({"x": column}, len(column))[:, 0].tolist()
    assert found == [
        next(c for c in sorted(numeric_columns(variable, v)) if c not in (RANGE, NON_FINITE)) for v in values
    ]


sorted_edges = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=12, unique=True).map(sorted)
dtypes = st.sampled_from(
    [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.bool_]
)


@given(data=st.data(), edges=sorted_edges, constraints=st.sampled_from(LIMITS), dtype=dtypes)
def test_any_numbers_are_where_a_search_of_the_edges_puts_them(
    data: st.DataObject, edges: list[float], constraints: Constraints, dtype: Any
) -> None:
    column = data.draw(hnp.arrays(dtype, st.integers(0, 40)))
    with np.errstate(all="ignore"):
        values = column.astype(np.float64).tolist()
    check(number(edges=edges, constraints=constraints), column, values)


@given(
    values=st.lists(
        st.one_of(st.sampled_from(AWKWARD), st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=3))
    ),
    constraints=st.sampled_from(LIMITS),
)
def test_mixed_objects_are_where_plain_python_puts_them(values: list[Any], constraints: Constraints) -> None:
    check(number(constraints=constraints), objects(*values), values)


@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.sampled_from(AWKWARD), st.none(), st.integers(-3, 10)),
            st.one_of(st.floats(), st.text(max_size=2)),
        ),
        max_size=300,
    ),
    constraints=st.sampled_from(LIMITS),
)
@settings(max_examples=60)
def test_rows_one_by_one_count_as_columns_do(rows: list[tuple[Any, Any]], constraints: Constraints) -> None:
    variables = number("a", constraints=constraints), number("b"), number("c")
    target = binner(*variables)
    into = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(["b", "unknown", "a"], [[b, 1, a] for a, b in rows], into)
    width = target.shape[1]
    a, b = [row[0] for row in rows], [row[1] for row in rows]
    expected = [numeric_counts(v, c, width) for v, c in zip(variables, (a, b, [None] * len(rows)), strict=True)]
    assert into.tolist() == expected


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 255, 256, 40_000])
def test_columns_of_a_matrix_are_where_numpy_puts_them(order: Any, dtype: Any, rows: int) -> None:
    rng = np.random.default_rng(rows)
    matrix = np.asarray(rng.normal(size=(rows, 7)), dtype=dtype, order=order)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    variables = [number(f"f{index}", np.sort(rng.normal(size=3 * index))) for index in range(7)]
    found = counts(binner(*variables), {v.name: matrix[:, index] for index, v in enumerate(variables)}, rows)
    for row, variable, column in zip(found, variables, matrix.T, strict=True):
        edges = np.array([*variable.edges, np.inf])
        expected = np.bincount(np.searchsorted(edges, column, side="left"), minlength=len(edges) + 1)
        assert row[FIRST : FIRST + len(edges)].tolist() == expected[:-1].tolist()
        assert row[NULL] == expected[-1]
        assert row.sum() == rows


def test_splitting_rows_and_their_order_change_nothing() -> None:
    rng = np.random.default_rng(1)
    column = rng.normal(size=30_000)
    target = binner(number(edges=np.linspace(-2, 2, 19)))
    whole = counts(target, {"x": column}, len(column))
    parts = np.zeros(target.shape, dtype=np.int64)
    for part in np.split(rng.permutation(column), [3, 200, 17_000]):
        target.count({"x": part}, len(part), parts)
    assert parts.tolist() == whole.tolist()


def test_masked_values_are_null_and_unsigned_counts_can_be_added_to() -> None:
    target = binner(number(edges=[1.0, 2.0]))
    into = np.ones(target.shape, dtype=np.uint32)
    target.count({"x": np.ma.masked_array([1, 2, 3, 4], [False, True, False, True])}, 4, into)
    assert into[0].tolist() == [3, 1, 1, 1, 1, 2, 1, 2]


def test_an_empty_batch_counts_nothing() -> None:
    assert not counts(binner(number()), {"x": np.array([])}, 0).any()


def test_dates_are_seconds_whatever_their_unit() -> None:
    day = 86_400.0
    target = binner(number(edges=[0.0, day], kind="datetime"))
    for unit in ("D", "h", "s", "ms", "us", "ns", "M"):
        column = np.array(["1970-01-01", "1970-01-02", "1999-12-01", "NaT"]).astype(f"M8[{unit}]")
        expected = [1, 0, 0, 0, 0, 2, 0, 1] if unit == "M" else [1, 0, 0, 0, 0, 1, 1, 1]
        assert counts(target, {"x": column}, 4)[0].tolist() == expected
    texts = objects("1970-01-02T00:00:00Z", "1970-01-02T02:00:00.000+02:00", "yesterday", 7, None)
    assert counts(target, {"x": texts}, 5)[0].tolist() == [1, 2, 0, 0, 0, 0, 2, 0]


def test_texts_and_identifiers_are_binned_by_length() -> None:
    text, identifier = number("text", [3.0], kind="text"), number("id", [3.0], kind="identifier")
    columns = {"text": objects("abc", "abcd", "<text 3 chars>", None, 5), "id": objects(123, "1234", True, None, 1.0)}
    found = counts(binner(text, identifier), columns, 5)
    assert found[0].tolist() == [1, 1, 0, 0, 0, 2, 1]
    assert found[1].tolist() == [1, 0, 0, 0, 0, 2, 2]


def test_categories_booleans_and_masked_features_count_beside_numbers() -> None:
    variables = (
        number("n", [1.0]),
        Variable("c", kind="categorical", categories=("a", "b"), known=("z",), counts=(2, 1, 1)),
        Variable("b", kind="boolean", categories=("false", "true"), counts=(1, 1, 0)),
        Variable("m", kind="masked"),
    )
    target = binner(*variables)
    columns = {
        "n": np.array([0.5, 1.5]),
        "c": np.array(["b", "q"]),
        "b": np.array([True, False]),
        "m": objects("secret", None),
    }
    found = counts(target, columns, 2)
    assert found[:, : FIRST + 3].tolist() == [
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 0, 0, 1, 1],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert target.bins(columns, 2).tolist() == [[5, 6, 6, 5], [6, 7, 5, 0]]
    rows = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(("n", "c", "b", "m"), [(0.5, "b", True, "secret"), (1.5, "q", False, None)], rows)
    assert rows.tolist() == found.tolist()


def test_a_feature_that_is_absent_is_null_and_an_output_that_is_absent_is_nothing() -> None:
    kinds = number("x"), Variable("c", kind="categorical", counts=(0,)), Variable("m", kind="masked")
    found = counts(binner(*kinds, number("score", [0.5], subject="score")), {}, 7)
    assert found[:, NULL].tolist() == [7, 7, 7, 0]
    assert found.sum() == 21


def test_outputs_are_kept_apart_from_features_of_the_same_name() -> None:
    variables = (
        number("score", [0.5]),
        number("score", [0.5], subject="score"),
        Variable("prediction", subject="prediction", kind="categorical", categories=("yes", "no"), counts=(1, 1, 0)),
    )
    outputs = {"score": np.array([0.9, 0.9]), "prediction": objects("yes", "maybe")}
    features = {"score": np.array([0.1, 0.2])}
    target = binner(*variables)
    found = counts(target, features, 2, outputs=outputs)
    assert found[:, FIRST:].tolist() == [[2, 0, 0], [0, 2, 0], [1, 0, 1]]
    assert found[2, UNSEEN] == 1
    rows = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(["score"], [[0.1], [0.2]], rows, outputs)
    assert rows.tolist() == found.tolist()
    assert target.bins(features, 2, outputs).tolist() == [[5, 6, 5], [5, 6, 7]]


def test_names_that_differ_are_told() -> None:
    variables = number("a"), number("b"), number("a.non_letters", source="a", derivation="non_letters")
    target = binner(*variables, number("prediction", subject="prediction"))
    assert target.missing_and_extra(["b", "B", "c"]) == (("a",), ("B", "c"))


def test_numbers_derived_from_a_text_are_counted() -> None:
    vocabulary = (token_hash("good"),)
    target = binner(
        number("t", [4.0], kind="text"),
        number("t.unseen_tokens", [0.4], source="t", derivation="unseen_tokens", vocabulary=vocabulary),
        number("t.non_letters", [0.4], source="t", derivation="non_letters"),
    )
    found = counts(target, {"t": objects("good", "bad good", "12!", None)}, 4)
    assert found[:, [NULL, FIRST, FIRST + 1]].tolist() == [[1, 2, 1], [1, 1, 2], [1, 2, 1]]
    assert counts(target, {}, 4)[:, NULL].tolist() == [4, 4, 4]


@pytest.mark.parametrize("rows", [5, 3_000])
def test_projections_are_counted_as_they_are_projected(rows: int) -> None:
    rng = np.random.default_rng(4)
    names = [f"f{index}" for index in range(6)]
    projections = fit_projections(rng.normal(size=(500, 6)), names, seed=3)
    assert projections is not None
    matrix = rng.normal(size=(rows, 6))
    matrix[0, 0], matrix[1, 1] = np.nan, np.inf
    expected = project(projections, matrix)
    edges = np.linspace(-2, 4, 7)
    variables = [number(name, edges) for name in names[:3]]  # not all that is projected need be a variable
    variables += [number(name, edges, subject="multivariate") for name in expected]
    target = binner(*variables, projections=projections)
    columns = {name: column.astype(object) for name, column in zip(names, matrix.T, strict=True)}
    found = counts(target, columns, rows)
    for variable, row in list(zip(variables, found, strict=True))[3:]:
        assert row.tolist() == numeric_counts(variable, expected[variable.name].tolist(), target.shape[1])
    one_by_one = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(names, matrix.tolist(), one_by_one)
    assert one_by_one.tolist() == found.tolist()
    assert not counts(target, {}, rows)[3:].any()  # nothing to project


def test_a_variable_of_too_many_bins_is_refused() -> None:
    assert binner(number(edges=np.arange(250.0))).shape == (1, 256)
    with pytest.raises(ValueError, match="at most 251 bins"):
        binner(number(edges=np.arange(251.0)))


def test_memory_is_flat_over_a_million_distinct_categories() -> None:
    variable = Variable("c", kind="categorical", categories=("a",), counts=(1, 0))
    target = binner(variable, replace(variable, name="i", known=None))
    into = np.zeros(target.shape, dtype=np.int64)
    held = []
    tracemalloc.start()
    try:
        for start in range(0, 1_000_000, 50_000):
            numbers = np.arange(start, start + 50_000)
            target.count({"c": numbers.astype("U7"), "i": numbers}, 50_000, into)
            del numbers
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert into[:, [UNSEEN, FIRST + 1]].tolist() == [[1_000_000, 1_000_000], [0, 1_000_000]]
    assert held[-1] - held[1] < 50_000


def test_values_of_another_type_are_in_no_bin() -> None:
    found = counts(binner(number(edges=[1.0])), {"x": np.array(["1", "2"])}, 2)
    assert found[0].tolist() == [0, 2, 0, 0, 0, 0, 0]
    assert counts(binner(number(edges=[1.0])), {"x": np.array([1 + 2j, 3])}, 2)[0, TYPE] == 2

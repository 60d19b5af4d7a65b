from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from otel_ml.drift.layout import FIRST, NON_FINITE, NULL, RANGE, TYPE
from otel_ml.drift.variables import Constraints, Variable
from tests.drift.counts.binners import binner, counts, number, objects
from tests.drift.counts.oracle import numeric_columns, numeric_counts

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
    pack = target.packer(["b", "unknown", "a"])
    assert pack is not None
    again = np.zeros(target.shape, dtype=np.int64)
    packed = [pack([b, 1, a], [2] if a is None else []) for a, b in rows]
    target.count_rows(["b", "unknown", "a"], [[b, 1, a] for a, b in rows], again, packed=packed)
    assert again.tolist() == into.tolist()
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


@pytest.mark.parametrize("constraints", LIMITS)
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("special", [(), (np.nan,), (np.inf,), (-np.inf,), (np.nan, np.inf, -np.inf)])
def test_long_columns_are_where_plain_python_puts_them(
    special: tuple[float, ...], step: int, constraints: Constraints
) -> None:
    values = [*[value for value in AWKWARD if np.isfinite(value)], *special]
    rows = 1_400 * len(values)
    column = np.zeros(rows * step)[::step]
    column[:] = values * 1_400
    variable = number(constraints=constraints)
    target = binner(variable)
    expected = [1_400 * count for count in numeric_counts(variable, values, target.shape[1])]
    assert counts(target, {"x": column}, rows).tolist() == [expected]


def test_splitting_rows_and_their_order_change_nothing() -> None:
    rng = np.random.default_rng(1)
    column = rng.normal(size=30_000)
    target = binner(number(edges=np.linspace(-2, 2, 19)))
    whole = counts(target, {"x": column}, len(column))
    parts = np.zeros(target.shape, dtype=np.int64)
    for part in np.split(rng.permutation(column), [3, 200, 17_000]):
        target.count({"x": part}, len(part), parts)
    assert parts.tolist() == whole.tolist()


def test_values_of_another_type_are_in_no_bin() -> None:
    found = counts(binner(number(edges=[1.0])), {"x": np.array(["one", "02"])}, 2)
    assert found[0].tolist() == [0, 2, 0, 0, 0, 0, 0]
    assert counts(binner(number(edges=[1.0])), {"x": np.array([1 + 2j, 3])}, 2)[0, TYPE] == 2

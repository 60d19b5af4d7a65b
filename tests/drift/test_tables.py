"""Whatever holds a table is read into the same columns."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from otel_ml.drift.tables import chunks_of, column_array, columns_of

ROWS: list[dict[str, Any]] = [
    {"age": 41, "rate": 0.5, "city": "Oslo", "vip": True, "seen": datetime.datetime(2024, 1, 1, 12)},
    {"age": None, "rate": None, "city": None, "vip": None, "seen": None},
    {"age": 7, "rate": float("inf"), "city": "Rome", "vip": False, "seen": datetime.datetime(2024, 1, 2)},
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}

TABLES: dict[str, Callable[[], Any]] = {
    "list of dicts": lambda: ROWS,
    "mapping": lambda: COLUMNS,
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas nullable": lambda: pd.DataFrame(ROWS).convert_dtypes(),
    "pandas arrow": lambda: pa.table(COLUMNS).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas category": lambda: pd.DataFrame(ROWS).astype({"city": "category"}),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars category": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("city").cast(pl.Categorical)),
    "pyarrow": lambda: pa.table(COLUMNS),
    "pyarrow batch": lambda: pa.RecordBatch.from_pydict(COLUMNS),
    "pyarrow dictionary": lambda: pa.table({**COLUMNS, "city": pa.array(COLUMNS["city"]).dictionary_encode()}),
    "mapping of series": lambda: dict(pd.DataFrame(ROWS).items()),
}


def plain(column: np.ndarray) -> list[Any]:
    """The values as Python's own, every null None."""
    if column.dtype.kind == "M":
        column = column.astype("datetime64[us]")
    return [None if value is None or value != value else value for value in column.tolist()]


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_has_the_same_columns(kind: str) -> None:
    columns, rows = columns_of(TABLES[kind]())
    assert rows == 3
    assert {name: plain(column) for name, column in columns.items()} == COLUMNS
    assert columns["age"].dtype == np.float64 == columns["rate"].dtype


def test_an_array_names_its_columns_by_position() -> None:
    columns, rows = columns_of(np.arange(6).reshape(3, 2))
    assert (list(columns), rows) == (["f0", "f1"], 3)
    assert columns["f1"].tolist() == [1, 3, 5]
    assert columns_of(np.arange(3))[0]["f0"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pd.Series([1, 2], name="temp"), "temp"),
        (pd.Series([1, 2], name=2024), "2024"),
        (pd.Series([1, 2]), "f0"),
        (pl.Series("temp", [1, 2]), "temp"),
        (pl.Series([1, 2]), "f0"),
        (pa.array([1, 2]), "f0"),
        (pa.chunked_array([[1], [2]]), "f0"),
    ],
    ids=str,
)
def test_a_series_is_a_column_of_its_name(data: Any, name: str) -> None:
    columns, rows = columns_of(data)
    assert (list(columns), rows) == ([name], 2)
    assert columns[name].tolist() == [1, 2]
    assert [(list(columns), rows) for columns, rows in chunks_of(iter([data, data]))] == [([name], 2)] * 2


@pytest.mark.parametrize(
    "make", [pa.array, lambda v: pa.chunked_array([v]), pl.Series], ids=["array", "chunks", "polars"]
)
def test_a_single_column_keeps_nulls_and_digits(make: Callable[[Any], Any]) -> None:
    large = 2**60 + 1
    assert columns_of(make([large, None]))[0]["f0"].tolist() == [large, None]


def test_a_structured_array_has_names() -> None:
    data = np.array([(1, "a"), (2, "b")], dtype=[("n", "i4"), ("s", "U1")])
    columns, _ = columns_of(data)
    assert columns["n"].tolist() == [1, 2]
    assert columns["s"].tolist() == ["a", "b"]


def test_masked_elements_are_nulls() -> None:
    data = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[True, False], [False, False]])
    assert plain(columns_of(data)[0]["f0"]) == [None, 3.0]


@pytest.mark.parametrize("make", [pa.array, pl.Series, lambda v: pd.Series(v, dtype="Int64"), list], ids=str)
def test_an_integer_beside_a_null_keeps_digits_that_a_float_would_lose(make: Callable[[Any], Any]) -> None:
    large = 2**60 + 1
    column = column_array(make([large, None]))
    if make is list:  # numpy's own conversion of numbers; whoever needs more hands on an array of objects
        assert column.tolist()[0] == float(large)
    else:
        assert column.tolist() == [large, None]


def test_what_numpy_has_no_type_for_is_kept_as_objects() -> None:
    columns, _ = columns_of({"mixed": [1, "x"], "huge": [10**400, 1], "money": [Decimal("1.5"), None]})
    assert columns["mixed"].tolist() == [1, "x"]
    assert columns["huge"].tolist() == [10**400, 1]
    assert columns["money"].tolist() == [Decimal("1.5"), None]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1.0, 2.0], None, [5.0, 6.0]], dtype=pl.Array(pl.Float64, 2)),
        pl.Series([{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}]),
        pl.Series([{"x": 1}, {"x": 2}, {"x": 3}]),
    ],
    ids=str,
)
def test_a_row_of_several_values_is_one_row(column: pl.Series) -> None:
    assert column_array(column).tolist() == column.to_list()


def test_what_python_has_no_value_for_is_a_value_all_the_same() -> None:
    beyond = pa.array([2**60, None, 0]).cast(pa.timestamp("ms"))
    column = column_array(pa.StructArray.from_arrays([beyond], ["at"], mask=pa.array([False, True, False])))
    assert [value is None for value in column] == [False, True, False]


def test_dates_with_a_time_zone_are_in_utc() -> None:
    zoned = pd.Series(pd.to_datetime(["2024-07-01 12:00", "NaT"])).dt.tz_localize("Europe/Oslo")
    assert column_array(zoned).astype("datetime64[s]").astype(str).tolist() == ["2024-07-01T10:00:00", "NaT"]


def test_a_row_without_a_key_has_a_null() -> None:
    columns, rows = columns_of([{"a": 1}, {"b": "x"}])
    assert rows == 2
    assert {name: plain(column) for name, column in columns.items()} == {"a": [1, None], "b": [None, "x"]}


def test_empty_tables_have_no_rows() -> None:
    assert columns_of([]) == ({}, 0)
    assert columns_of(pd.DataFrame({"a": []}))[1] == 0


def test_chunks_are_read_one_after_another() -> None:
    frames = [pd.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [3]}), [{"a": 4}]]
    assert [columns["a"].tolist() for columns, _ in chunks_of(iter(frames))] == [[1, 2], [3], [4]]
    assert [rows for _, rows in chunks_of(frames)] == [2, 1, 1]
    assert [rows for _, rows in chunks_of(ROWS)] == [3]
    assert list(chunks_of(iter([]))) == []


@pytest.mark.parametrize("data", ["text", 3, None, np.zeros((2, 2, 2)), iter([{"a": 1}, {"a": 2}])], ids=str)
def test_what_is_no_table_is_refused(data: Any) -> None:
    with pytest.raises(TypeError, match=r"table|rows"):
        list(chunks_of(data))


def test_columns_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="a 1, b 2"):
        columns_of({"a": [1], "b": [1, 2]})
    with pytest.raises(ValueError, match="name 'a'"):
        columns_of(pd.DataFrame([[1, 2]], columns=["a", "a"]))

"""The same rows read the same, whichever way they come."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.observation import Batch, Row, read_inputs

floats = st.none() | st.floats()
texts = st.none() | st.text(max_size=8).filter(lambda text: "\x00" not in text)
labels = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), min_size=1, max_size=5, unique=True
)
settled = settings(max_examples=100, deadline=None)


def plain(value: Any) -> Any:
    return None if value is None or value != value else value


def values_of(read: Any) -> list[list[Any]]:
    assert isinstance(read, Row | Batch)
    return [read.values] if isinstance(read, Row) else [row.values for row in read.rows()]


@settled
@given(st.data(), labels, st.integers(1, 4))
def test_numbers(data: Any, names: list[str], size: int) -> None:
    rows = data.draw(st.lists(st.lists(floats, min_size=len(names), max_size=len(names)), min_size=size, max_size=size))
    numbers = [[float("nan") if value is None else value for value in row] for row in rows]
    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    arrays = {name: np.array([row[index] for row in numbers]) for index, name in enumerate(names)}
    expected = [[plain(value) for value in row] for row in rows]
    ways = {
        "dicts": [dict(zip(names, row, strict=True)) for row in rows],
        "lists": rows,
        "tuples": [tuple(row) for row in rows],
        "array": np.array(numbers, dtype=np.float64),
        "arrays by name": arrays,
        "pandas": pd.DataFrame(arrays),
        "nullable pandas": pd.DataFrame({name: pd.array(column, dtype="Float64") for name, column in columns.items()}),
        "polars": pl.DataFrame({name: pl.Series(name, column, dtype=pl.Float64) for name, column in columns.items()}),
        "arrow": pa.table({name: pa.array(column, type=pa.float64()) for name, column in columns.items()}),
    }
    for way, value in ways.items():
        read = read_inputs(value, names=tuple(names))
        assert read is not None, way
        assert read.names == tuple(names), way
        assert values_of(read) == expected, way
        nulls = [row.nulls for row in ([read] if isinstance(read, Row) else read.rows())]
        assert nulls == [tuple(i for i, value in enumerate(row) if value is None) for row in expected], way


@settled
@given(st.lists(texts, min_size=1, max_size=4), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=4))
def test_texts_and_integers(strings: list[str | None], integers: list[int]) -> None:
    rows = [[text, number] for text, number in zip(strings, integers, strict=False)]
    columns: dict[str, list[Any]] = {"s": [row[0] for row in rows], "i": [row[1] for row in rows]}
    ways = {
        "dicts": [dict(zip("si", row, strict=True)) for row in rows],
        "lists": rows,
        "array": np.array(rows, dtype=object),
        "pandas": pd.DataFrame({"s": pd.Series(columns["s"], dtype=object), "i": columns["i"]}),
    }
    if all(text is None or text.isprintable() for text in strings):  # lone surrogates are no UTF-8
        ways["polars"] = pl.DataFrame({"s": pl.Series("s", columns["s"], dtype=pl.String), "i": columns["i"]})
        ways["arrow"] = pa.table({"s": pa.array(columns["s"], type=pa.string()), "i": columns["i"]})
    for way, value in ways.items():
        assert values_of(read_inputs(value, names=("s", "i"))) == rows, way


@settled
@given(st.lists(st.tuples(st.booleans(), st.dates(), st.datetimes()), min_size=2, max_size=4))
def test_bools_and_dates(rows: list[tuple[Any, ...]]) -> None:
    expected = [[flag, day.isoformat(), moment.isoformat()] for flag, day, moment in rows]
    names = ("flag", "day", "moment")
    ways = {
        "dicts": [dict(zip(names, row, strict=True)) for row in rows],
        "lists": [list(row) for row in rows],
        "polars": pl.DataFrame([list(row) for row in rows], schema=list(names), orient="row"),
    }
    for way, value in ways.items():
        read = read_inputs(value, names=names)
        assert values_of(read) == expected, way
        assert isinstance(read, Batch)
        assert read.kinds == ("bool", "datetime", "datetime"), way
        assert read.row(0).kinds == read.kinds, way

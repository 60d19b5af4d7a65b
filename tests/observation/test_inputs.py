"""What each kind of input is read as: a table of inputs, names, values and nulls."""

import dataclasses
import datetime
import decimal
import enum
import uuid
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
import scipy.sparse

from otel_ml.observation import Batch, Row, read_inputs

NAN = float("nan")
Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Customer:
    age: int
    home: dict[str, Any]


@dataclasses.dataclass(slots=True)
class Slotted:
    age: int
    plan: str


class Passenger(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    age: int | None
    home: dict[str, str]

    @pydantic.computed_field  # type: ignore[prop-decorator]  # pydantic's own recipe
    @property
    def surname(self) -> str:
        raise AssertionError("a computed field must not be computed by us")


class Grades(pydantic.RootModel[dict[str, int]]):
    pass


RECORDS: list[tuple[str, Any, tuple[str, ...], list[Any]]] = [
    ("scalars", {"a": 1, "b": 2.5, "c": "x", "d": True}, ("a", "b", "c", "d"), [1, 2.5, "x", True]),
    (
        "nulls",
        {"a": None, "b": NAN, "c": pd.NA, "d": pd.NaT, "e": np.datetime64("NaT"), "f": np.float32("nan")},
        ("a", "b", "c", "d", "e", "f"),
        [None] * 6,
    ),
    (
        "numpy scalars",
        {"a": np.int64(3), "b": np.float16(0.5), "c": np.bool_(True), "d": np.str_("s")},
        ("a", "b", "c", "d"),
        [3, 0.5, True, "s"],
    ),
    (
        "dates",
        {
            "a": datetime.date(2024, 2, 29),
            "b": pd.Timestamp("2024-02-29 12:00"),
            "c": np.datetime64("2024-02-29T12:00:00.5"),
        },
        ("a", "b", "c"),
        ["2024-02-29", "2024-02-29T12:00:00", "2024-02-29T12:00:00.500000"],
    ),
    (
        "durations",
        {"a": datetime.timedelta(minutes=1), "b": np.timedelta64(90, "s"), "c": pd.Timedelta("1h")},
        ("a", "b", "c"),
        [60.0, 90.0, 3600.0],
    ),
    (
        "other scalars",
        {"a": decimal.Decimal("1.5"), "b": uuid.UUID(int=1), "c": Colour.RED, "d": decimal.Decimal("NaN")},
        ("a", "b", "c", "d"),
        [1.5, "00000000-0000-0000-0000-000000000001", "red", None],
    ),
    (
        "described",
        {"a": b"abc", "b": {1}, "c": 1j, "d": np.zeros((4, 4, 3), np.uint8), "e": list(range(100)), "f": "x" * 5321},
        ("a", "b", "c", "d", "e", "f"),
        ["<bytes 3>", "<set 1>", "<complex>", "<image uint8 4x4x3>", "<list 100>", "<text 5321 chars>"],
    ),
    (
        "nested",
        {"user": {"home": {"city": "Oslo"}}, "tags": ["a", "b"], "v": np.arange(2)},
        ("user_home_city", "tags_0", "tags_1", "v_0", "v_1"),
        ["Oslo", "a", "b", 0, 1],
    ),
    ("too deep", {"a": {"b": {"c": {"d": 1}}}}, ("a_b_c",), ["<dict 1>"]),
    ("one list is a nested one", {"features": [5.1, 3.5]}, ("features_0", "features_1"), [5.1, 3.5]),
    ("odd keys", {1: "a", None: "b", ("x", 2): "c", Colour.RED: "d"}, ("1", "None", "x_2", "red"), list("abcd")),
    ("equal keys after naming", {1: "a", "1": "b", "1_2": "c"}, ("1", "1_3", "1_2"), list("abc")),
    ("ordered dict", OrderedDict(b=1, a=2), ("b", "a"), [1, 2]),
    ("dataclass", Customer(41, {"city": "Oslo"}), ("age", "home_city"), [41, "Oslo"]),
    ("slotted dataclass", Slotted(41, "free"), ("age", "plan"), [41, "free"]),
    ("named tuple", Point(1, 2), ("x", "y"), [1, 2]),
    ("pydantic", Passenger(age=None, home={"city": "Oslo"}, extra=3), ("age", "home_city", "extra"), [None, "Oslo", 3]),  # type: ignore[call-arg]
    ("pydantic root", Grades({"maths": 1}), ("maths",), [1]),
    ("list of one dict", [{"a": 1, "b": {"c": 2}}], ("a", "b_c"), [1, 2]),
    ("list of scalars", [1, 2.5, "x"], ("f0", "f1", "f2"), [1, 2.5, "x"]),
    ("tuple", (1, None), ("f0", "f1"), [1, None]),
    ("list of one list", [[1.0, NAN]], ("f0", "f1"), [1.0, None]),
    ("list of one array", [np.array([1.0, 2.0])], ("f0", "f1"), [1.0, 2.0]),
    ("1-D array", np.array([1.0, 2.0]), ("f0", "f1"), [1.0, 2.0]),
    ("2-D array", np.array([[1.0, NAN]]), ("f0", "f1"), [1.0, None]),
    ("object array", np.array([[1, None, "x"]], dtype=object), ("f0", "f1", "f2"), [1, None, "x"]),
    ("matrix", np.matrix([[1, 2]]), ("f0", "f1"), [1, 2]),
    ("masked array", np.ma.array([[1, 2]], mask=[[False, True]]), ("f0", "f1"), [1, None]),
    (
        "structured array",
        np.array([(1, 2.5, "x")], dtype=[("i", int), ("f", float), ("s", "U3")]),
        ("i", "f", "s"),
        [1, 2.5, "x"],
    ),
    ("record", np.array([(1, 2.5)], dtype=[("i", int), ("f", float)])[0], ("i", "f"), [1, 2.5]),
    ("array of dates", np.array([["2024-02-29", "NaT"]], dtype="datetime64[D]"), ("f0", "f1"), ["2024-02-29", None]),
    ("longdouble", np.array([[0.5]], dtype=np.longdouble), ("f0",), [0.5]),
    ("bytes array", np.array([[b"a"]]), ("f0",), ["a"]),
    ("image", np.zeros((1, 8, 8, 3), np.uint8), ("input",), ["<image uint8 8x8x3>"]),
    ("sparse", scipy.sparse.csr_array([[0.0, 2.0, NAN]]), ("f0", "f1", "f2"), [0.0, 2.0, None]),
    ("series with names", pd.Series({"a": 1, "b": 2}), ("a", "b"), [1, 2]),
    ("row of a frame", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).iloc[1], ("a", "b"), [2, "y"]),
    ("scalar", 3.5, ("f0",), [3.5]),
    ("text", "hello", ("text",), ["hello"]),
    ("bytes", b"abc", ("input",), ["<bytes 3>"]),
    ("generator", (x for x in [1]), ("input",), ["<generator>"]),
    ("object", object(), ("input",), ["<object>"]),
    ("lazy frame", pl.LazyFrame({"a": [1]}), ("input",), ["<LazyFrame>"]),
    ("empty dict", {}, (), []),
]


@pytest.mark.parametrize(
    ("data", "names", "values"), [record[1:] for record in RECORDS], ids=[record[0] for record in RECORDS]
)
def test_one_row(data: Any, names: tuple[str, ...], values: list[Any]) -> None:
    row = read_inputs(data)
    assert isinstance(row, Row)
    assert row.names == names
    assert row.values == values
    assert list(map(type, row.values)) == list(map(type, values))
    assert row.nulls == tuple(index for index, value in enumerate(values) if value is None)


BATCHES: list[tuple[str, Any, tuple[str, ...], list[list[Any]]]] = [
    ("list of dicts", [{"a": 1}, {"a": 2, "b": "x"}], ("a", "b"), [[1, None], [2, "x"]]),
    (
        "list of pydantic",
        [Passenger(age=1, home={}), Passenger(age=2, home={})],
        ("age", "home"),
        [[1, "<dict 0>"], [2, "<dict 0>"]],
    ),
    ("list of named tuples", [Point(1, 2), Point(3, 4)], ("x", "y"), [[1, 2], [3, 4]]),
    ("list of lists", [[1, 2.5], [3, None]], ("f0", "f1"), [[1, 2.5], [3, None]]),
    ("ragged list", [[1, 2], [3]], ("f0", "f1"), [[1, 2], [3, None]]),
    ("documents", ["one", "two"], ("text",), [["one"], ["two"]]),
    ("array of documents", np.array(["one", "two"]), ("text",), [["one"], ["two"]]),
    ("columns of lists", {"a": [1, 2], "b": ["x", None]}, ("a", "b"), [[1, "x"], [2, None]]),
    ("columns of arrays", {"a": np.arange(2), "b": np.array([0.5, NAN])}, ("a", "b"), [[0, 0.5], [1, None]]),
    ("columns of series", {"a": pd.Series([1, 2]), "b": pl.Series([3, None])}, ("a", "b"), [[1, 3], [2, None]]),
    ("named matrix", {"x": np.array([[1, 2], [3, 4]])}, ("x_0", "x_1"), [[1, 2], [3, 4]]),
    ("2-D array", np.array([[1, 2], [3, 4]], dtype=np.uint8), ("f0", "f1"), [[1, 2], [3, 4]]),
    ("bools", np.array([[True], [False]]), ("f0",), [[True], [False]]),
    ("durations", np.array([[90], ["NaT"]], dtype="timedelta64[s]"), ("f0",), [[90.0], [None]]),
    ("complex", np.array([[1j], [NAN]]), ("f0",), [["<complex>"], [None]]),
    ("masked", np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]]), ("f0", "f1"), [[1, None], [3, 4]]),
    ("images", np.zeros((2, 8, 8), np.float32), ("input",), [["<array float32 8x8>"]] * 2),
    ("list of images", [np.zeros((4, 4, 3), np.uint8)] * 2, ("input",), [["<image uint8 4x4x3>"]] * 2),
    ("unnamed series", pd.Series([1, 2]), ("f0",), [[1], [2]]),
    ("arrow array", pa.array([1, None]), ("f0",), [[1], [None]]),
    ("record batch", pa.record_batch({"a": [1, 2]}), ("a",), [[1], [2]]),
    ("repeated arrow names", pa.table([[1, 2], [3, 4]], names=["a", "a"]), ("a", "a_2"), [[1, 3], [2, 4]]),
    ("nothing", [], (), []),
    ("no rows", np.zeros((0, 2)), ("f0", "f1"), []),
    ("no columns", np.zeros((2, 0)), (), [[], []]),
]


@pytest.mark.parametrize(
    ("data", "names", "rows"), [batch[1:] for batch in BATCHES], ids=[batch[0] for batch in BATCHES]
)
def test_many_rows(data: Any, names: tuple[str, ...], rows: list[list[Any]]) -> None:
    batch = read_inputs(data)
    assert isinstance(batch, Batch)
    assert batch.names == names
    assert batch.size == len(rows)
    assert [row.values for row in batch.rows()] == rows
    assert batch.null_counts().tolist() == [sum(row[index] is None for row in rows) for index in range(len(names))]
    assert [len(column) for column in batch.columns] == [len(rows)] * len(names)


def test_none_is_no_input() -> None:
    assert read_inputs(None) is None


def test_given_names_are_used_where_the_input_has_none() -> None:
    names = ("age", "income")
    for data in ([1, 2], [[1, 2]], np.array([1, 2]), np.array([[1, 2]]), pd.DataFrame([[1, 2]])):
        row = read_inputs(data, names=names)
        assert isinstance(row, Row)
        assert row.names == names
    frame = read_inputs(pd.DataFrame({"a": [1], "b": [2]}), names=names)
    assert isinstance(frame, Row)
    assert frame.names == ("a", "b")


def test_names_tell_a_row_from_a_column() -> None:
    numbers = np.array([1.0, 2.0, 3.0])
    column = read_inputs(numbers, names=("x",))
    assert isinstance(column, Batch)
    assert (column.names, column.size) == (("x",), 3)
    row = read_inputs(["a", "b"], names=("first", "second"))
    assert isinstance(row, Row)
    assert row.values == ["a", "b"]


def test_names_tell_columns_from_a_nested_list() -> None:
    columns = read_inputs({"age": [31, 32, 33]}, names=("age",))
    assert isinstance(columns, Batch)
    assert columns.size == 3


def test_the_same_schema_has_the_same_names_object() -> None:
    first, second = read_inputs({"a" + "b": 1, "c": 2}), read_inputs({"ab": 3, "c": 4})
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.names is second.names


def test_infinite_numbers_are_invalid_and_kept() -> None:
    row = read_inputs({"a": float("inf"), "b": 1.0, "c": -float("inf")})
    assert isinstance(row, Row)
    assert row.invalid == (0, 2)
    assert row.nulls == ()


def test_kinds() -> None:
    row = read_inputs({"n": 1, "b": True, "s": "x", "d": datetime.date(2024, 1, 1), "o": object(), "z": None})
    assert isinstance(row, Row)
    assert row.kinds == ("number", "bool", "string", "datetime", "object", "null")


def test_depth_is_the_callers_choice() -> None:
    row = read_inputs({"a": {"b": 1}}, max_depth=1)
    assert isinstance(row, Row)
    assert row.names == ("a",)
    assert row.values == ["<dict 1>"]


def test_features_beyond_the_cap_are_counted() -> None:
    for data in ({f"k{i}": i for i in range(9)}, list(range(9)), np.zeros((1, 9)), pd.DataFrame(np.zeros((1, 9)))):
        row = read_inputs(data, max_columns=4)
        assert isinstance(row, Row)
        assert (len(row.values), row.dropped) == (4, 5)

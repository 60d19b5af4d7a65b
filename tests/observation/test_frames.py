"""Data frames of every dtype, and names that are no strings."""

import subprocess
import sys
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from otel_ml.observation import Batch, Row, read_inputs
from tests.support.wait import PATIENCE

STAMP = pd.Timestamp("2024-02-29 12:00", tz="Europe/Oslo")

PANDAS: list[tuple[str, Any, list[Any], str]] = [
    ("float", [1.5, None], [1.5, None], "number"),
    ("int", [1, 2], [1, 2], "number"),
    ("bool", [True, False], [True, False], "bool"),
    ("object", pd.Series([1, "x"], dtype=object), [1, "x"], "object"),
    ("object string", pd.Series(["a", None], dtype=object), ["a", None], "string"),
    ("string", pd.Series(["a", None], dtype="str"), ["a", None], "string"),
    ("python string", pd.array(["a", None], dtype=pd.StringDtype("python")), ["a", None], "string"),
    ("Int64", pd.array([2**60 + 1, None], dtype="Int64"), [2**60 + 1, None], "number"),
    ("Float64", pd.array([1.5, None], dtype="Float64"), [1.5, None], "number"),
    ("boolean", pd.array([True, None], dtype="boolean"), [True, None], "bool"),
    ("category", pd.Categorical(["a", None]), ["a", None], "string"),
    ("number category", pd.Categorical([3, 7]), [3, 7], "number"),
    ("datetime", pd.to_datetime(["2024-02-29 12:00", "NaT"]), ["2024-02-29T12:00:00", None], "datetime"),
    ("zoned", pd.Series([STAMP, None]), ["2024-02-29T12:00:00+01:00", None], "datetime"),
    ("duration", pd.to_timedelta(["1h", None]), [3600.0, None], "number"),
    ("period", pd.period_range("2024-01", periods=2, freq="M"), ["2024-01", "2024-02"], "string"),
    ("interval", pd.interval_range(0, 2), ["(0, 1]", "(1, 2]"], "string"),
    ("sparse", pd.arrays.SparseArray([0.0, 2.0]), [0.0, 2.0], "number"),
    ("arrow int", pd.array([1, None], dtype="int64[pyarrow]"), [1, None], "number"),
    ("arrow string", pd.array(["a", None], dtype="string[pyarrow]"), ["a", None], "string"),
    ("nested", pd.Series([{"k": 1}, [1, 2]], dtype=object), ["<dict 1>", "<list 2>"], "object"),
]


@pytest.mark.parametrize(("column", "values", "kind"), [case[1:] for case in PANDAS], ids=[case[0] for case in PANDAS])
def test_pandas_dtypes(column: Any, values: list[Any], kind: str) -> None:
    frame = pd.DataFrame({"x": column, "y": [1, 2]})
    batch = read_inputs(frame)
    assert isinstance(batch, Batch)
    assert [row.values[0] for row in batch.rows()] == values
    assert batch.null_counts()[0] == values.count(None)
    assert batch.kinds[0] == kind
    assert len(batch.columns[0]) == 2
    for index, value in enumerate(values):
        row = read_inputs(frame.iloc[[index]])
        assert isinstance(row, Row)
        assert row.values == [value, index + 1]
        assert row.kinds[0] == batch.row(index).kinds[0]


def test_pandas_labels() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    row = read_inputs(frame)
    assert isinstance(row, Row)
    assert row.names == ("a", "a_2", "7")
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("b", "")]))
    row = read_inputs(levels)
    assert isinstance(row, Row)
    assert row.names == ("a_x", "b")


def test_pandas_without_its_block_manager_reads_the_same() -> None:
    """The block manager is private to pandas: the public way has to give the same rows."""

    class Plain(pd.DataFrame):
        _mgr_hidden = True

        @property
        def _mgr(self) -> Any:
            if sys._getframe(1).f_globals["__name__"].startswith("otel_ml."):
                raise AttributeError("_mgr")
            return self.__dict__["_mgr"]

        @_mgr.setter
        def _mgr(self, value: Any) -> None:
            self.__dict__["_mgr"] = value

    data = {"i": [1, 2], "f": [0.5, None], "s": ["x", None], "d": pd.to_datetime(["2024-01-01", "NaT"])}
    usual, public = read_inputs(pd.DataFrame(data)), read_inputs(Plain(data))
    assert isinstance(usual, Batch)
    assert isinstance(public, Batch)
    assert usual.rows() == public.rows()


def test_polars_dtypes() -> None:
    frame = pl.DataFrame(
        {
            "i": [1, None],
            "f": [float("nan"), float("inf")],
            "b": [True, None],
            "s": ["x", None],
            "c": pl.Series(["x", None], dtype=pl.Categorical),
            "d": pl.Series(["2024-02-29", None]).str.to_date(),
            "t": pl.Series([90_000_000, None]).cast(pl.Duration("us")),
            "l": [[1], None],
            "m": [{"k": 1}, None],
        },
        strict=False,
    )
    batch = read_inputs(frame)
    assert isinstance(batch, Batch)
    assert batch.row(0).values[:7] == [1, None, True, "x", "x", "2024-02-29", 90.0]
    assert batch.row(1).values[:7] == [None, float("inf"), None, None, None, None, None]
    assert batch.null_counts().tolist()[:7] == [1, 1, 1, 1, 1, 1, 1]
    assert batch.non_finite_counts().tolist()[:2] == [0, 1]
    assert batch.kinds == ("number", "number", "bool", "string", "string", "datetime", "number", "object", "object")
    row = read_inputs(frame[:1])
    assert isinstance(row, Row)
    assert row.values == [1, None, True, "x", "x", "2024-02-29", 90.0, "<list 1>", "<dict 1>"]


def test_arrow_in_several_chunks() -> None:
    table = pa.concat_tables([pa.table({"a": [1, None]}), pa.table({"a": [3, 4]})])
    batch = read_inputs(table)
    assert isinstance(batch, Batch)
    assert [row.values for row in batch.rows([3, 0, 1])] == [[4], [1], [None]]
    assert batch.null_counts().tolist() == [1]
    row = read_inputs(table[2:3])
    assert isinstance(row, Row)
    assert row.values == [3]


def test_a_narwhals_frame_is_what_it_wraps() -> None:
    batch = read_inputs(nw.from_native(pl.DataFrame({"a": [1, 2]})))
    assert isinstance(batch, Batch)
    assert batch.names == ("a",)


def test_an_extension_type_of_ones_own_is_described() -> None:
    class Secret(pd.api.extensions.ExtensionArray):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, item: Any) -> Any:
            raise AssertionError("not ours to run")

        def isna(self) -> Any:
            raise AssertionError("not ours to run")

        def copy(self) -> Any:
            return self

        @property
        def dtype(self) -> Any:
            return np.dtype(object)

    from otel_ml.observation.frames import pandas_column

    assert pandas_column(Secret()).array().tolist() == ["<Secret>", "<Secret>"]


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, otel_ml.observation as o; o.read_inputs({'a': 1, 'b': [1, 2]}); o.read_inputs([1.0, None]);"
        "o.read_outputs({'label': 'x', 'score': .5}, operation='predict').row(0);"
        "print([m for m in ('numpy', 'narwhals', 'pandas', 'polars', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=2 * PATIENCE, check=True
    )
    assert done.stdout.strip() == "[]"

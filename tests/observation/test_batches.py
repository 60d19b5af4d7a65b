"""A batch: counts, kinds, plain rows, samples of what is too large; nothing shared with the caller."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from otel_ml.observation import Batch, Row, read_inputs


def batch_of(data: Any, **options: Any) -> Batch:
    batch = read_inputs(data, **options)
    assert isinstance(batch, Batch)
    return batch


def test_counts_of_nulls_and_infinities() -> None:
    data = np.array([[1.0, np.nan, np.inf], [2.0, 3.0, np.nan]])
    batch = batch_of(data)
    assert batch.null_counts().tolist() == [0, 1, 1]
    assert batch.non_finite_counts().tolist() == [0, 0, 1]
    assert batch.null_counts().dtype == np.int64


def test_kinds_and_how_many_values_are_of_which() -> None:
    batch = batch_of([{"n": 1, "m": 1, "z": None}, {"n": 2.5, "m": "x", "z": None}, {"n": None, "m": None}])
    assert batch.kinds == ("number", "object", "null")
    assert batch.kind_counts()[1] == {"number": 1, "string": 1, "null": 1}


def test_rows_of_a_batch_are_checked() -> None:
    batch = batch_of(np.zeros((2, 1)))
    for index in (-1, 2):
        with pytest.raises(IndexError):
            batch.row(index)


def test_memory_is_accounted() -> None:
    assert batch_of(np.zeros((1_000, 3))).nbytes == 24_000
    texts = batch_of([["x" * 1_000, 1.0] for _ in range(100)])
    assert 100_000 < texts.nbytes < 120_000


def test_integers_beyond_float_are_not_changed() -> None:
    big = 2**53 + 1
    batch = batch_of([[big, 2**70], [None, 1]])
    assert batch.row(0).values == [big, 2**70]
    assert batch.row(1).values == [None, 1]


MUTABLE: list[tuple[str, Callable[[], Any], Callable[[Any], None]]] = [
    ("array", lambda: np.ones((3, 2)), lambda data: data.fill(9)),
    ("column order", lambda: np.ones((3, 2), order="F"), lambda data: data.fill(9)),
    ("vector row", lambda: np.ones(3), lambda data: data.fill(9)),
    ("one row", lambda: np.ones((1, 3)), lambda data: data.fill(9)),
    ("object array", lambda: np.array([[[1]], [[2]]], dtype=object), lambda data: data.fill(9)),
    ("text array", lambda: np.array([["a"], ["b"]]), lambda data: data.fill("z")),
    (
        "masked",
        lambda: np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]]),
        lambda data: data.__setitem__(slice(None), 9),
    ),
    ("structured", lambda: np.zeros(2, dtype=[("a", int)]), lambda data: data.fill(9)),
    ("dict of arrays", lambda: {"a": np.ones(3), "b": np.ones(3)}, lambda data: data["a"].fill(9)),
    ("dict of lists", lambda: {"a": [1, 2], "b": [3, 4]}, lambda data: data["a"].append(5)),
    ("dict", lambda: {"a": 1, "b": {"c": [1, 2]}}, lambda data: data["b"]["c"].append(3)),
    ("list of lists", lambda: [[1, 2], [3, 4]], lambda data: data[0].append(5)),
    ("list of dicts", lambda: [{"a": 1}, {"a": 2}], lambda data: data[0].update(a=9)),
    ("objects", lambda: [[{"k": 1}], [{"k": 2}]], lambda data: data[0][0].update(k2=9)),
    ("frame", lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), lambda data: data.__setitem__("a", 9)),
    (
        "frame in place",
        lambda: pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}),
        lambda data: data.iloc.__setitem__((0, 0), 9),
    ),
    (
        "nullable frame",
        lambda: pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
        lambda data: data.iloc.__setitem__((0, 0), 9),
    ),
    (
        "categories",
        lambda: pd.DataFrame({"a": pd.Categorical(["x", "y"])}),
        lambda data: data.iloc.__setitem__((0, 0), "y"),
    ),
    ("strings", lambda: pd.DataFrame({"a": ["x", "y"]}), lambda data: data.iloc.__setitem__((0, 0), "z")),
    ("polars", lambda: pl.DataFrame({"a": [1, 2]}), lambda data: data.__setitem__((0, "a"), 9)),
    ("sparse", lambda: scipy.sparse.csc_array(np.ones((2, 3))), lambda data: data.data.fill(9)),
    (
        "wide sparse",
        lambda: scipy.sparse.csc_array(([1.0, 1.0], ([0, 1], [5, 7])), shape=(2, 10_000)),
        lambda data: data.data.fill(9),
    ),
]


@pytest.mark.parametrize(("make", "change"), [case[1:] for case in MUTABLE], ids=[case[0] for case in MUTABLE])
def test_later_changes_of_the_input_are_not_seen(make: Callable[[], Any], change: Callable[[Any], None]) -> None:
    data = make()
    read = read_inputs(data)
    change(data)
    expected = read_inputs(make())
    assert read is not None
    assert expected is not None
    assert content(read) == content(expected)


def test_the_input_is_not_changed() -> None:
    values: list[Any] = [float("nan"), "x" * 5_000, np.int64(1)]
    row = {"a": values[0], "b": values[1], "c": values[2]}
    read_inputs(row)
    read_inputs(values)
    read_inputs([values])
    assert list(row.values()) == values
    assert type(values[2]) is np.int64


LARGE: list[tuple[str, Any]] = [
    ("floats", np.where(np.arange(30_000).reshape(10_000, 3) % 7 == 0, np.nan, 1.0)),
    ("column order", np.asfortranarray(np.where(np.arange(30_000).reshape(10_000, 3) % 7 == 0, np.nan, 1.0))),
    ("objects", np.array([None, "x", "y", 1.0, float("nan")] * 6_000, dtype=object).reshape(10_000, 3)),
    ("frame", pd.DataFrame({"a": np.where(np.arange(10_000) % 7 == 0, np.nan, 1.0), "b": ["x"] * 10_000, "c": 1})),
    ("polars", pl.DataFrame({"a": [None, 1.0] * 5_000, "b": ["x", None] * 5_000, "c": [float("nan"), 1.0] * 5_000})),
    ("arrow", pa.table({"a": [None, 1.0] * 5_000, "b": ["x", None] * 5_000, "c": [1] * 10_000})),
    ("lists", [[None, 1.0, "x"], [float("nan"), None, "y"]] * 5_000),
    ("dicts", [{"a": 1.0, "b": None}, {"a": float("inf")}] * 5_000),
    ("documents", ["one", None] * 5_000),
]  # fmt: skip


@pytest.mark.parametrize("data", [case[1] for case in LARGE], ids=[case[0] for case in LARGE])
def test_a_large_input_is_counted_whole_and_held_in_part(data: Any) -> None:
    whole, part = batch_of(data), batch_of(data, copy_limit=1_000, sample_rows=50)
    assert whole.complete
    assert not part.complete
    assert part.size == whole.size == 10_000
    assert part.null_counts().tolist() == whole.null_counts().tolist()
    assert part.non_finite_counts().tolist() == whole.non_finite_counts().tolist()
    assert part.held == 50 == len(part.rows())
    assert part.nbytes < 50_000
    assert part.positions is not None
    for position, row in zip(part.positions.tolist(), part.rows(), strict=True):
        assert row == whole.row(position)


def test_samples_are_uniform() -> None:
    data = np.arange(1_000.0).reshape(-1, 1)
    seen = np.zeros(1_000)
    for _ in range(200):
        positions = batch_of(data, copy_limit=1, sample_rows=100).positions
        assert positions is not None
        assert len(set(positions.tolist())) == 100
        seen[positions] += 1
    # 200 draws at 10%: 20 a position, standard deviation 4.2; ten blocks of 100 positions: 2,000 each.
    assert seen.max() < 45
    blocks = seen.reshape(10, 100).sum(axis=1)
    assert blocks.min() > 1_750
    assert blocks.max() < 2_250


def test_wide_sparse_input_keeps_the_features_that_occur() -> None:
    rows, columns = [0, 0, 2], [5, 999_999, 5]
    matrix = scipy.sparse.coo_array(([1.0, np.nan, 2.0], (rows, columns)), shape=(3, 1_000_000))
    batch = batch_of(matrix)
    assert batch.names == ("f5", "f999999")
    assert batch.null_counts().tolist() == [0, 1]
    assert [row.values for row in batch.rows()] == [[1.0, None], [0, 0], [2.0, 0]]
    assert batch.nbytes < 1_000
    single = read_inputs(matrix.tocsr()[[0]])
    assert isinstance(single, Row)
    assert single.names == ("f5", "f999999")


def content(read: Row | Batch | None) -> object:
    """All that was read, so that two inputs can be compared."""
    if isinstance(read, Batch):
        return read.names, read.size, [row.values for row in read.rows()]
    return read


def test_equal_batches_have_equal_fingerprints() -> None:
    def same(a: Any, b: Any) -> bool:
        first, second = read_inputs(a), read_inputs(b)
        assert isinstance(first, Batch)
        assert isinstance(second, Batch)
        return first.fingerprint() == second.fingerprint()

    data = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert same(data, data.copy())
    assert not same(data, data + 1)
    assert not same(data, np.vstack([data, data]))
    mixed = pd.DataFrame({"a": [1.0, None], "b": ["x", None], "c": pd.to_datetime(["2024-01-01", "NaT"])})
    assert same(mixed, mixed.copy())
    assert not same(mixed, mixed.assign(b="y"))

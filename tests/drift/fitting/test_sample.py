"""Every row is as likely in the sample as any other, and the same rows are in it every time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from otel_ml.drift.fitting import sample
from otel_ml.drift.fitting.pieces import together
from otel_ml.drift.fitting.sample import Sample


def taken(rows: int, chunk: int, columns: int = 1) -> Sample:
    found = Sample()
    for start in range(0, rows, chunk):
        numbers = np.arange(start, min(rows, start + chunk))
        found.add({f"c{i}": numbers for i in range(columns)}, len(numbers), numbers * 2.0)
    return found


def test_few_rows_are_all_kept_in_order() -> None:
    found = taken(5_000, 700)
    assert found.table()["c0"].tolist() == list(range(5_000))
    assert found.times.tolist() == [2.0 * i for i in range(5_000)]


@pytest.mark.parametrize("chunk", [1_000, 16_384, 300_000])
def test_the_sample_does_not_depend_on_chunks(chunk: int) -> None:
    found = taken(300_000, chunk)
    assert len(found.places) == sample.MAX_ROWS
    assert (found.places == taken(300_000, 50_000).places).all()
    assert (found.table()["c0"] == found.places).all()
    assert (np.diff(found.places) > 0).all()


def test_rows_from_everywhere_are_as_likely() -> None:
    shares = np.histogram(taken(300_000, 16_384).places, bins=10, range=(0, 300_000))[0] / sample.MAX_ROWS
    assert shares == pytest.approx([0.1] * 10, abs=0.01)


def test_wide_rows_are_fewer() -> None:
    assert len(taken(20_000, 10_000, columns=1_000).places) == 8_000


def test_parts_are_in_a_merged_sample_by_their_size() -> None:
    large, small = taken(90_000, 16_384), taken(10_000, 16_384)
    copy = pickle.loads(pickle.dumps(large))
    copy.merge(small)
    assert copy.rows == 100_000
    assert len(copy.places) == sample.MAX_ROWS
    assert (copy.places >= 90_000).mean() == pytest.approx(0.1, abs=0.01)


def test_a_column_that_comes_late_is_null_before() -> None:
    found = Sample()
    found.add({"a": np.array([1, 2])}, 2, None)
    found.add({"a": np.array([3]), "b": np.array(["x"])}, 1, None)
    assert found.table()["b"].tolist() == [None, None, "x"]
    assert found.table()["a"].tolist() == [1, 2, 3]


def test_long_texts_are_cut_and_the_callers_arrays_copied() -> None:
    column, text = np.arange(3.0), np.array(["a" * 100_000], dtype=object)
    found = Sample()
    found.add({"x": column}, 3, None)
    column[:] = 9
    assert found.table()["x"].tolist() == [0, 1, 2]
    found.add({"t": text}, 1, None)
    assert len(found.table()["t"][-1]) < 5_000


@pytest.mark.parametrize(
    ("pieces", "kind", "values"),
    [
        ([np.array([1]), np.array([2.5])], "f", [1.0, 2.5]),
        ([np.array([1]), np.array([True])], "O", [1, True]),
        ([np.array([1.5]), np.array(["1"])], "O", [1.5, "1"]),
        ([np.array(["a"]), np.array(["bcd"])], "U", ["a", "bcd"]),
    ],
)
def test_pieces_keep_their_values(pieces: list[np.ndarray], kind: str, values: list[object]) -> None:
    found = together(pieces)
    assert found.dtype.kind == kind
    assert found.tolist() == values
    assert [type(value) for value in found.tolist()] == [type(value) for value in values]


def test_dates_stay_dates_beside_anything() -> None:
    found = together([np.array(["2024-01-01T00:00:00.000000001"], "M8[ns]"), np.array([None])])
    assert found.tolist() == [np.datetime64("2024-01-01T00:00:00.000000001"), None]

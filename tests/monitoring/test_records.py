"""What one worker has counted reaches another one as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.monitoring.origin import Origin
from otel_ml.monitoring.records import RareRow, Record

COUNTS = st.lists(st.integers(0, 2**40), min_size=6, max_size=6)


@given(COUNTS, st.lists(st.text(max_size=128), max_size=5), st.integers(-(2**40), 2**40))
def test_a_record_comes_back_as_it_was(counts: list[int], ids: list[str], step: int) -> None:
    ids = [name.encode("utf-8", "replace").decode() for name in ids]
    bins = np.arange(2 * len(ids), dtype=np.uint8).reshape(len(ids), 2)
    rare = (RareRow(1, "null", "é"),)
    record = Record(step, np.array(counts).reshape(2, 3), tuple(ids), bins, rare, ("age", "Größe"))
    found = Record.from_bytes(record.to_bytes(), (2, 3))
    assert (found.step, found.ids, found.rare, found.names) == (step, tuple(ids), rare, ("age", "Größe"))
    assert found.counts.tolist() == record.counts.tolist()
    assert found.counts.dtype == np.int64
    assert found.bins.tolist() == bins.tolist()


def test_small_counts_take_little_room() -> None:
    counts = np.full((1_000, 25), 255)
    assert len(Record(1, counts).to_bytes()) < 25_100


def test_counts_of_another_shape_are_refused() -> None:
    data = Record(1, np.zeros((2, 3), dtype=np.int64)).to_bytes()
    with pytest.raises(ValueError, match="2 x 3 instead of 3 x 2"):
        Record.from_bytes(data, (3, 2))


@pytest.mark.parametrize("origin", [Origin("a-1"), Origin("01a1fd6e", 2**127 + 5, 2**63 + 7, 1)])
def test_an_origin_is_found_again_from_its_text(origin: Origin) -> None:
    assert Origin.parse(str(origin)) == origin
    assert Origin.parse(origin.id).id == origin.id

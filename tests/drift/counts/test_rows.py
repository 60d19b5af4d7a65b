from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.counts.rows import Packer, numbers_of_packed, numbers_of_rows

NUMBERS = st.one_of(st.floats(), st.booleans(), st.integers(-(2**70), 2**70), st.none())


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1), positions=st.permutations([0, 1, 2]))
@pytest.mark.parametrize("width", [1, 2, 3])
def test_packed_rows_are_the_rows(rows: list[tuple[Any, ...]], positions: list[int], width: int) -> None:
    some = positions[:width]
    expected = np.array([[row[place] for place in some] for row in rows], dtype=np.float64)
    pack = Packer(some, 3)
    packed = [pack(row, [place for place, value in enumerate(row) if value is None]) for row in rows]
    found = numbers_of_packed(packed, width)
    assert found is not None
    assert np.array_equal(found, expected, equal_nan=True)
    together = numbers_of_rows(rows, some)
    assert together is not None
    assert np.array_equal(together, expected, equal_nan=True)


@pytest.mark.parametrize("odd", ["1", 10**400, b"1", 1j])
def test_what_is_no_number_is_left_to_others(odd: object) -> None:
    pack = Packer([0, 1], 2)
    assert pack([1.0, odd]) is None
    assert numbers_of_packed([pack([1.0, 2.0]), pack([1.0, odd])], 2) is None
    assert numbers_of_rows([[1.0, 2.0], [1.0, odd]], [0, 1]) is None


def test_a_row_stays_as_it_is() -> None:
    row = [1.0, None]
    Packer([0, 1], 2)(row, nulls=(1,))
    assert row == [1.0, None]

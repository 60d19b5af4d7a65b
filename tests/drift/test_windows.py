"""A ring of sub-windows: whatever is added up must be exactly what went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.windows import Ring, look_backs

SHAPE = (2, 7)


def counts(value: int) -> np.ndarray:
    return np.full(SHAPE, value, dtype=np.int64)


def test_sums_are_of_the_steps_asked_for() -> None:
    ring = Ring(4, SHAPE)
    for step in range(10):
        assert ring.add(step, counts(10**step))
    assert ring.sum(8, 9)[0, 0] == 10**8 + 10**9
    assert ring.sum(6, 9)[0, 0] == 10**6 + 10**7 + 10**8 + 10**9
    assert ring.sum(7, 7)[1, 6] == 10**7


def test_what_is_not_kept_is_empty() -> None:
    ring = Ring(4, SHAPE)
    assert not ring.sum(0, 100).any()
    ring.add(10, counts(1))
    assert not ring.add(6, counts(1))  # it would be in the place of step 10
    assert ring.sum(0, 9).sum() == 0
    assert ring.sum(0, 99)[0, 0] == 1
    assert ring.sum(11, 10).sum() == 0


def test_steps_that_were_skipped_are_empty_however_many() -> None:
    ring = Ring(4, SHAPE)
    for step in (0, 1, 3, 10**12, 10**12 + 2):
        ring.add(step, counts(1))
    assert ring.sum(10**12 - 3, 10**12 + 2)[0, 0] == 2
    assert ring.sum(10**12 + 1, 10**12 + 1)[0, 0] == 0


def test_steps_before_1970_are_steps() -> None:
    ring = Ring(4, SHAPE)
    for step in range(-6, 1):
        ring.add(step, counts(1))
    assert ring.sum(-3, 0)[0, 0] == 4


@pytest.mark.parametrize("value", [2**32 - 1, 2**32, 2**55 + 1])
def test_counts_do_not_overflow(value: int) -> None:
    ring = Ring(4, SHAPE)
    for step in range(4):
        ring.add(step, counts(value))
        ring.add(step, counts(value))
    assert ring.sum(0, 3)[0, 0] == 8 * value


def test_memory_is_that_of_32_bits() -> None:
    assert Ring(60, (1000, 34)).nbytes == 60 * 1000 * 34 * 4  # 8.2 MB


@given(
    st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 2**33)), max_size=40),
    st.integers(1, 12),
    st.integers(-10, 70),
    st.integers(-10, 70),
)
def test_any_sum_is_that_of_a_dict(added: list[tuple[int, int]], steps: int, first: int, last: int) -> None:
    ring, plain = Ring(steps, (1, 1)), dict[int, int]()
    for step, value in added:
        newest = max([step, *plain])
        plain = {key: held for key, held in plain.items() if key > newest - steps}
        if ring.add(step, np.array([[value]])):
            plain[step] = plain.get(step, 0) + value
    assert ring.sum(first, last)[0, 0] == sum(value for step, value in plain.items() if first <= step <= last)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=80), st.sampled_from([1, 4, 64]))
def test_look_backs_are_the_sums_of_the_last_steps(values: list[int], limit: int) -> None:
    ring = Ring(64, (1, 1))
    for step, value in enumerate(values):
        ring.add(step, np.array([[value]]))
    sums = look_backs(ring, limit, len(values))
    assert list(sums) == [length for length in (1, 2, 4, 8, 16, 32, 64) if length <= min(limit, len(values))]
    assert all(found[0, 0] == sum(values[-length:]) for length, found in sums.items())


@given(st.lists(st.integers(0, 2**20), min_size=2, max_size=50), st.data())
def test_split_and_added_windows_are_the_whole(values: list[int], data: st.DataObject) -> None:
    ring = Ring(64, (1, 1))
    for step, value in enumerate(values):
        part = data.draw(st.integers(0, value))
        ring.add(step, np.array([[part]]))
        ring.add(step, np.array([[value - part]]))
    cut = data.draw(st.integers(0, len(values) - 1))
    whole = ring.sum(0, len(values) - 1)
    assert whole == ring.sum(0, cut) + ring.sum(cut + 1, len(values) - 1) == sum(values)


def test_a_restored_ring_goes_on() -> None:
    ring = Ring(3, SHAPE)
    for step in range(5):
        ring.add(step, counts(2**31))
    again = Ring(3, SHAPE)
    again.restore(ring.state())
    for one in (ring, again):
        one.add(4, counts(2**31))
        one.add(5, counts(7))
    assert np.array_equal(ring.sum(3, 5), again.sum(3, 5))
    assert again.sum(4, 4)[0, 0] == 2**32


def test_a_ring_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="can not hold"):
        Ring(4, SHAPE).restore(Ring(3, SHAPE).state())

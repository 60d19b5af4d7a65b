"""What holds for every detector of a scalar stream."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.sequential.adwin import Adwin
from otel_ml.drift.sequential.cusum import Cusum
from otel_ml.drift.sequential.page_hinkley import PageHinkley
from otel_ml.drift.sequential.stream import Detector
from tests.drift.sequential.streams import changes, steps

DETECTORS: tuple[Callable[..., Detector], ...] = (Adwin, Cusum, PageHinkley)
pytestmark = pytest.mark.parametrize("detector", DETECTORS)

Make = Callable[..., Detector]


@pytest.mark.parametrize("seed", range(3))
def test_a_shift_of_one_standard_deviation_is_found_once_and_soon(detector: Make, seed: int) -> None:
    against = detector(0, 1)
    stream = steps(seed, 0, 1)
    found = against.update_many(stream)
    assert found is not None
    assert 2_000 <= found < 2_120
    assert against.direction == "up"


@pytest.mark.parametrize("seed", range(3))
def test_a_steady_stream_raises_no_alarm(detector: Make, seed: int) -> None:
    assert detector(0, 1).update_many(steps(seed, 0, rows=100_000)) is None


@pytest.mark.parametrize("seed", range(3))
def test_what_is_true_upwards_is_true_downwards(detector: Make, seed: int) -> None:
    stream = steps(seed, 0, 0.8, 0)
    up, down = detector(0, 1), detector(0, 1)
    assert changes(up, stream) == changes(down, -stream)
    assert {up.direction, down.direction} == {"up", "down"}


@given(seed=st.integers(0, 99), move=st.floats(-1e3, 1e3), stretch=st.floats(1e-3, 1e3))
def test_the_unit_of_the_stream_does_not_matter(detector: Make, seed: int, move: float, stretch: float) -> None:
    stream = steps(seed, 0, 0.7, -0.3, rows=400)
    assert changes(detector(move, stretch), stream * stretch + move) == changes(detector(0, 1), stream)


@given(seed=st.integers(0, 99), cuts=st.lists(st.integers(0, 900), max_size=6))
def test_batches_are_as_good_as_single_values(detector: Make, seed: int, cuts: list[int]) -> None:
    stream = steps(seed, 0, 1.2, -0.5, rows=300)
    single, batched = detector(0, 1), detector(0, 1)
    expected = [at for at, value in enumerate(stream) if single.update(value)]
    found: list[int] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 900], strict=True):
        found += [start + at for at in changes(batched, stream[start:end])]
    assert found == expected


def test_a_long_batch_is_as_good_as_short_ones(detector: Make) -> None:
    stream = steps(4, 0, 0.4, rows=30_000)
    short, long = detector(0, 1), detector(0, 1)
    pieces = [start + at for start in range(0, 60_000, 977) for at in changes(short, stream[start : start + 977])]
    assert changes(long, stream) == pieces


def test_what_is_no_number_is_passed_over(detector: Make) -> None:
    stream = steps(5, 0, 1, rows=500)
    holes = np.insert(stream, np.arange(0, 1_000, 100), np.nan)
    holes[::110] = np.inf
    clean, against = detector(0, 1), detector(0, 1)
    at = against.update_many(holes)
    expected = clean.update_many(holes[np.isfinite(holes)])
    assert at is not None
    assert np.isfinite(holes[: at + 1]).sum() - 1 == expected
    assert not against.update(np.nan)
    assert against.update_many([]) is None


@given(values=st.lists(st.floats(), max_size=200))
def test_a_value_is_as_good_as_a_batch_of_one_whatever_it_is(detector: Make, values: list[float]) -> None:
    alone, batched = detector(0.0, 5e-3), detector(0.0, 5e-3)
    with np.errstate(all="raise", under="ignore"):
        found = [alone.update(value) for value in values]
    assert found == [batched.update_many([value]) is not None for value in values]
    stream = steps(6, 0, 5, rows=200) * 5e-3
    assert changes(alone, stream) == changes(batched, stream)
    assert alone.direction == batched.direction


@pytest.mark.parametrize("value", [1e308, -1e308])
def test_what_is_too_far_for_a_number_is_far(detector: Make, value: float) -> None:
    against = detector(-value, 5e-3)
    found = [against.update(value) for _ in range(300)]
    other = detector(0, 1)
    assert found == [other.update(20 if value > 0 else -20) for _ in range(300)]
    assert against.direction == other.direction


@given(values=st.lists(st.floats(), max_size=200))
def test_no_numbers_break_it(detector: Make, values: list[float]) -> None:
    against = detector(0.0, 5e-3)
    with np.errstate(all="raise", under="ignore"):
        changes(against, np.array(values, dtype=np.float64))
        assert against.update_many(steps(6, 0, 5, rows=3_000) * 5e-3) is not None  # and it still works


def test_one_absurd_value_is_not_the_last_word(detector: Make) -> None:
    against = detector(0, 1)
    changes(against, np.concatenate([steps(7, 0), [1e300], steps(8, 0, rows=20_000)]))
    assert changes(against, steps(9, 0, -3))


def test_it_goes_on_after_a_restart(detector: Make) -> None:
    stream = steps(10, 0, 1, rows=1_000)
    whole, before = detector(0, 1), detector(0, 1)
    first = before.update_many(stream[:990])
    assert first is None
    after: Any = pickle.loads(pickle.dumps(before))
    found = after.update_many(stream[990:])
    assert found is not None
    assert 990 + found == whole.update_many(stream)


@pytest.mark.parametrize(("mean", "std"), [(0, 0), (0, -1), (np.nan, 1), (0, np.nan), (np.inf, 1), (0, np.inf)])
def test_a_baseline_without_a_scale_is_refused(detector: Make, mean: float, std: float) -> None:
    with pytest.raises(ValueError, match="std above 0"):
        detector(mean, std)

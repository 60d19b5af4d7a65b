"""ADWIN against river."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.drift import ADWIN as RiverAdwin

from otel_ml.drift.sequential.adwin import Adwin
from tests.drift.sequential.streams import Floats, changes, steps

SHIFTS = (0.15, 0.3, 0.6, 1.0, 3.0)


def rivers(stream: Floats, **options: float) -> list[tuple[int, float, float]]:
    """Where it finds changes, with the width and the mean of what is left of its window."""
    peer: Any = RiverAdwin(**options)  # type: ignore[no-untyped-call]  # river has no types here
    found: list[tuple[int, float, float]] = []
    for at, value in enumerate(stream.tolist()):
        peer.update(value)
        if peer.drift_detected:
            found.append((at, peer.width, peer.estimation))
    return found


def ours(stream: Floats, **options: float) -> list[tuple[int, float, float]]:
    against = Adwin(0, 1, **options)  # type: ignore[arg-type]  # as river's: some are integers
    return [(at, against.width, against.estimate) for at, value in enumerate(stream) if against.update(value)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", SHIFTS)
def test_it_finds_what_river_finds_and_keeps_what_it_keeps(seed: int, shift: float) -> None:
    stream = steps(seed, 0, shift, -shift / 2, rows=3_000)
    found = ours(stream)
    assert found
    np.testing.assert_allclose(found, rivers(stream), rtol=1e-9, atol=1e-9)


def errors(seed: int) -> Floats:
    """Of a classifier that goes wrong more often after a while."""
    return (np.random.default_rng(seed).random(9_000) < np.repeat([0.1, 0.2, 0.15], 3_000)).astype(float)


KINDS: dict[str, Callable[[int], Floats]] = {
    "steady": lambda seed: steps(seed, 0, rows=60_000),
    "errors": errors,
    "a ramp": lambda seed: steps(seed, 0, rows=20_000) + np.linspace(0, 2, 20_000),
    "often": lambda seed: steps(seed, *[0, 3] * 20, rows=300),
    "constants": lambda seed: np.repeat(np.random.default_rng(seed).uniform(-9, 9, 8), 700),
    "waves": lambda seed: np.sin(np.arange(9_000) / (50 + 100 * seed)),
    "bounded": lambda seed: np.random.default_rng(seed).uniform(-1, 1, 20_000),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_what_river_finds_in_streams_of_every_kind(kind: str, seed: int) -> None:
    stream = KINDS[kind](seed)
    expected = [at for at, _, _ in rivers(stream)]
    assert changes(Adwin(0, 1), stream) == expected
    assert expected or kind in {"steady", "bounded"}


def test_it_finds_what_river_finds_in_a_long_stream() -> None:
    stream = steps(3, 0, 0.05, 0.03, rows=340_000)[:1_000_000]
    expected = [at for at, _, _ in rivers(stream)]
    assert changes(Adwin(0, 1), stream) == expected
    assert 1 <= len(expected) < 9


def test_a_large_mean_costs_no_digits() -> None:
    noise = steps(4, 0, 0.5, 0.2, rows=4_000)
    stream = 1e9 + noise
    expected = [at for at, _, _ in rivers(stream - 1e9)]
    assert changes(Adwin(1e9, 1), stream) == expected
    assert len(expected) >= 2


@given(
    cuts=st.lists(st.integers(0, 6_000), max_size=8),
    clock=st.sampled_from([1, 7, 32, 100]),
    least=st.sampled_from([1, 5, 40]),
    seed=st.integers(0, 9),
)
@settings(max_examples=25)
def test_how_a_stream_is_cut_does_not_change_a_bit(cuts: list[int], clock: int, least: int, seed: int) -> None:
    stream = steps(seed, 0, 0.6, rows=3_000)
    whole, pieces = (Adwin(0, 1, clock=clock, least=least) for _ in range(2))
    found = []
    for start, end in pairwise([0, *sorted(cuts), 6_000]):
        piece = stream[start:end]
        if len(piece) < 500:  # value by value
            found += [start + at for at, value in enumerate(piece) if pieces.update(value)]
        else:
            found += [start + at for at in changes(pieces, piece)]
    assert found == changes(whole, stream)
    assert (pieces.width, pieces.estimate, pieces.direction) == (whole.width, whole.estimate, whole.direction)


def test_values_that_came_one_by_one_are_in_the_window_at_once() -> None:
    against = Adwin(10, 2)
    for count, value in enumerate([12.0, 8.0, 16.0], start=1):
        assert not against.update(value)
        assert against.width == count
    assert against.estimate == 12
    assert against.update_many([12.0]) is None
    assert (against.width, against.estimate) == (4, 12)


@pytest.mark.parametrize("taken", [0, 3, 33, 90])
def test_it_goes_on_after_a_restart_between_two_looks(taken: int) -> None:
    stream = steps(10, 0, 2, rows=200)
    without, before = Adwin(0, 1), Adwin(0, 1)
    for value in stream[:taken]:
        before.update(value)
    after: Adwin = pickle.loads(pickle.dumps(before))
    found = after.update_many(stream[taken:])
    assert found is not None
    assert taken + found == without.update_many(stream)
    assert (after.width, after.estimate) == (without.width, without.estimate)


@pytest.mark.parametrize(("delta", "clock"), [(0.05, 32), (1e-6, 32), (0.002, 8)])
def test_its_parameters_are_rivers(delta: float, clock: int) -> None:
    stream = steps(8, 0, 0.5, 0.2)
    np.testing.assert_allclose(ours(stream, delta=delta, clock=clock), rivers(stream, delta=delta, clock=clock))


def test_it_tells_the_new_level_in_the_streams_unit() -> None:
    against = Adwin(mean=100, std=20)
    assert against.estimate == 100
    stream = 100 + 20 * steps(2, 0, 2)
    found = against.update_many(stream)
    assert found is not None
    assert against.width < 100  # of which some may still be of the old level
    assert 105 < against.estimate < 140


def test_memory_grows_with_the_logarithm_of_the_window() -> None:
    against = Adwin(0, 1, delta=1e-9, clock=4_096)
    sizes = []
    for seed in range(4):
        assert against.update_many(steps(seed, 0, rows=50_000)) is None
        sizes.append(len(pickle.dumps(against)))
    assert against.width == 200_000
    assert sizes[-1] < sizes[0] * 1.3
    assert sizes[-1] < 5_000
    for value in steps(5, 0, rows=1_000):  # nor does it grow with what comes one by one
        against.update(value)
    assert len(pickle.dumps(against)) < 5_000


def test_changes_of_changes_are_found_one_by_one() -> None:
    found = changes(Adwin(0, 1), steps(5, 0, 1, 0, -1, 0))
    assert [at // 2_000 for at in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("wrong", [{"delta": 0.0}, {"delta": 1.0}, {"clock": 0}, {"least": 0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="delta must be between 0 and 1"):
        Adwin(0, 1, **wrong)  # type: ignore[arg-type]  # wrong on purpose

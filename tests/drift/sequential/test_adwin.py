"""ADWIN against river."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
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


def test_changes_of_changes_are_found_one_by_one() -> None:
    found = changes(Adwin(0, 1), steps(5, 0, 1, 0, -1, 0))
    assert [at // 2_000 for at in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("wrong", [{"delta": 0.0}, {"delta": 1.0}, {"clock": 0}, {"least": 0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="delta must be between 0 and 1"):
        Adwin(0, 1, **wrong)  # type: ignore[arg-type]  # wrong on purpose

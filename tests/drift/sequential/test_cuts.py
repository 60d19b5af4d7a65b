"""Many looks at once against each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.sequential.cuts import Cuts
from otel_ml.drift.sequential.exponential_histogram import ExponentialHistogram, Growth
from tests.drift.sequential.streams import Floats, steps


def ramp(seed: int) -> Floats:
    return steps(seed, 0, rows=6_000) + np.linspace(0, 2, 6_000)


STREAMS = {
    "steady": steps(1, 0, rows=6_000),
    "jumps": steps(2, 0, 1, -1, rows=2_000),
    "ramp": ramp(3),
    "far from the baseline": steps(4, 15, 14.5, rows=3_000),
    "zero and one": (np.random.default_rng(5).random(6_000) < np.repeat([0.1, 0.2], 3_000)).astype(float),
    "constant": np.full(6_000, 19.3),
    "a constant, then another": np.repeat([-1 / 3, 3.0], 3_000),
    "hardly any noise": 5 + 1e-8 * steps(6, 0, 3, rows=3_000),
    "one value just before a look": np.where(np.arange(6_000) == 199, 20.0, 0.0),
    "in waves": np.sin(np.arange(6_000) / 200),
}


def looks(cuts: Cuts, growth: Growth) -> list[int]:
    """Where two sides differ, by looking everywhere."""
    found = []
    for width in range(cuts.clock, growth.width + 1, cuts.clock):
        if width > growth.before.width:
            window = growth.within(width)
            if cuts.differences(window.cuts(), window.sums(), 1).any():
                found.append(width)
    return found


@pytest.mark.parametrize("before", [0, 3, 1_000, 3_100])
@pytest.mark.parametrize(("clock", "least", "delta"), [(32, 5, 0.002), (7, 5, 0.2), (100, 1, 1e-4), (50, 40, 0.002)])
@pytest.mark.parametrize("name", STREAMS)
def test_no_difference_is_passed_over_and_hardly_anything_else_is_suspected(
    name: str, clock: int, least: int, delta: float, before: int
) -> None:
    values, cuts, window = STREAMS[name], Cuts(delta, clock, least), ExponentialHistogram()
    if before:
        window = Growth(window, values[:before]).within(before)
    growth = Growth(window, values[before:])
    expected, found = looks(cuts, growth), cuts.suspects(growth).tolist()
    assert set(expected) <= set(found)
    assert len(found) <= len(expected) + 2


@pytest.mark.parametrize("starts", [1, 3, 20])
def test_a_window_without_its_oldest_buckets_is_one_that_began_later(starts: int) -> None:
    window = Growth(ExponentialHistogram(), STREAMS["jumps"][:4_500]).within(4_500)
    cuts, sums, rule = window.cuts(), window.sums(), Cuts(0.002, 32, 5)
    found = rule.differences(cuts, sums, starts)
    assert found.shape == (starts, len(cuts))
    for start in range(starts):
        later = rule.differences(cuts[start:] - cuts[start], sums[:, start:] - sums[:, start : start + 1], 1)
        np.testing.assert_allclose(found[start, start:], later[0], rtol=1e-9, atol=1e-12)
        assert not found[start, :start].any()

"""What is said of a drift."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift import layout
from otel_ml.drift.detection import describe

UNIFORM = np.full(20, 0.05)
PLACES = np.linspace(-1.7, 1.7, 20)


def tilted(exponent: np.ndarray) -> np.ndarray:
    shares = np.exp(exponent)
    return np.asarray(10_000 * shares / shares.sum())


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (0.5 * PLACES, "up"),
        (-0.5 * PLACES, "down"),
        (0.5 * PLACES**2, "wider"),
        (-0.5 * PLACES**2, "narrower"),
        (0.5 * np.resize([1.0, -1.0], 20), "mixed"),
    ],
)
def test_direction(exponent: np.ndarray, expected: str) -> None:
    assert describe.direction(tilted(exponent), UNIFORM, ordered=True) == expected
    assert describe.direction(tilted(exponent), UNIFORM, ordered=False) == "mixed"


def test_no_rows_have_no_direction_and_no_distance() -> None:
    assert describe.direction(10_000 * UNIFORM, UNIFORM, ordered=True) == "mixed"
    assert describe.distance(np.zeros(20), UNIFORM) == 0
    assert describe.effect(np.zeros(20), UNIFORM, 10_000) == 0


def test_the_effect_is_a_lower_bound_that_more_rows_raise() -> None:
    rng = np.random.default_rng(2)
    law = tilted(0.5 * PLACES) / 10_000
    true = 0.5 * np.abs(law - UNIFORM).sum()
    few = [describe.effect(one, UNIFORM, 1e6) for one in rng.multinomial(500, law, 500).astype(float)]
    many = [describe.effect(one, UNIFORM, 1e6) for one in rng.multinomial(50_000, law, 500).astype(float)]
    assert max(few) < true
    assert max(many) < true
    assert np.mean(few) < np.mean(many)
    assert np.mean(many) > 0.9 * true


def test_the_effect_of_an_event_has_either_sign() -> None:
    assert 0.015 < describe.event_effect(200, 5_000, 0.01) < 0.03
    assert 0.1 < describe.event_effect(500, 5_000, 0.3) < 0.2
    assert describe.event_effect(50, 5_000, 0.01) == 0


def test_bins_that_moved_are_named_the_farthest_first() -> None:
    counts = 1000 * UNIFORM
    counts[[3, 7]] += [40, 90]
    counts[0] -= 45
    assert describe.moved(counts, UNIFORM) == (layout.FIRST + 7, layout.FIRST + 0, layout.FIRST + 3)


def test_a_bin_is_named_even_if_none_stands_out() -> None:
    assert len(describe.moved(1000 * UNIFORM, UNIFORM)) == 1
    assert describe.moved(np.zeros(3), np.full(3, 1 / 3))

"""The distribution of the ball under which counts are the most likely: against two searches that know no formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from otel_ml.drift.detection.ball import closest

CASES = [(seed, bins, radius) for seed in range(4) for bins in (2, 3, 7, 20) for radius in (0.0, 0.02, 0.05, 0.3)]


def likelihood(counts: np.ndarray, shares: np.ndarray) -> float:
    return float((counts[counts > 0] * np.log(shares[counts > 0])).sum())


def drawn(seed: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, bins])
    shares = rng.dirichlet(np.ones(bins))
    counts = rng.multinomial(rng.integers(1, 500), rng.dirichlet(np.ones(bins))).astype(float)
    return counts, shares


def searched(counts: np.ndarray, shares: np.ndarray, radius: float) -> float:
    """The largest likelihood by sequential quadratic programming, over theta and slack >= |theta - shares|."""
    bins = len(shares)
    start = 0.999 * shares + 0.001 * counts / counts.sum()
    rules = [
        {"type": "eq", "fun": lambda x: x[:bins].sum() - 1},
        {"type": "ineq", "fun": lambda x: 2 * radius - x[bins:].sum()},
        {"type": "ineq", "fun": lambda x: x[bins:] - x[:bins] + shares},
        {"type": "ineq", "fun": lambda x: x[bins:] + x[:bins] - shares},
    ]
    found = minimize(
        lambda x: -(counts * np.log(np.maximum(x[:bins], 1e-12))).sum() / counts.sum(),
        np.concatenate([start, np.abs(start - shares)]),
        bounds=[(1e-12, 1)] * bins + [(0, 2)] * bins,
        constraints=rules,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return float(-found.fun * counts.sum())


@pytest.mark.parametrize(("seed", "bins", "radius"), CASES)
def test_no_direction_within_the_ball_leads_upwards(seed: int, bins: int, radius: float) -> None:
    """The likelihood is concave, so that a point is the best if a linear program finds no way up from it."""
    counts, shares = drawn(seed, bins)
    best = closest(counts, shares, np.array(radius))
    assert best.sum() == pytest.approx(1)
    assert 0.5 * np.abs(best - shares).sum() <= radius + 1e-9
    slope = np.divide(counts, best, out=np.zeros(bins), where=counts > 0)
    unit = np.eye(bins)
    program = linprog(
        np.concatenate([-slope, np.zeros(bins)]),
        A_ub=np.block([[unit, -unit], [-unit, -unit], [np.zeros((1, bins)), np.ones((1, bins))]]),
        b_ub=np.concatenate([shares, -shares, [2 * radius]]),
        A_eq=np.concatenate([np.ones(bins), np.zeros(bins)])[None],
        b_eq=[1.0],
        bounds=(0, None),
    )
    assert -program.fun <= (slope @ best) + 1e-6 * counts.sum()


@pytest.mark.parametrize(("seed", "bins", "radius"), [case for case in CASES if case[1] < 20 and case[2] > 0])
def test_a_search_finds_nothing_better(seed: int, bins: int, radius: float) -> None:
    counts, shares = drawn(seed, bins)
    best = likelihood(counts, closest(counts, shares, np.array(radius)))
    assert best >= searched(counts, shares, radius) - 1e-3


def test_what_lies_in_the_ball_is_its_own_closest() -> None:
    counts = np.array([26.0, 24.0, 25.0, 25.0])
    assert closest(counts, np.full(4, 0.25), np.array(0.05)) == pytest.approx(counts / 100)


def test_padding_stays_empty_and_does_not_matter() -> None:
    counts, shares = drawn(1, 7)
    alone = closest(counts, shares, np.array(0.05))
    padded = closest(np.append(counts, [0.0, 0.0]), np.append(shares, [0.0, 0.0]), np.array(0.05))
    assert padded[:-2] == pytest.approx(alone)
    assert padded[-2:].tolist() == [0, 0]


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(6)), st.floats(0, 0.9))
def test_the_order_of_bins_does_not_matter(order: list[int], radius: float) -> None:
    counts, shares = drawn(2, 6)
    tolerance = np.array(radius)
    assert closest(counts[order], shares[order], tolerance) == pytest.approx(closest(counts, shares, tolerance)[order])


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    pairs = [drawn(seed, 5) for seed in range(8)]
    radius = np.linspace(0, 0.4, 8)
    together = closest(np.array([one for one, _ in pairs]), np.array([one for _, one in pairs]), radius)
    for row, (counts, shares), one in zip(together, pairs, radius, strict=True):
        assert row == pytest.approx(closest(counts, shares, np.array(one)))

"""E-values of a distribution: their expectation under whatever does not matter, and what they can find."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import multinomial

from otel_ml.drift.detection.ball import closest
from otel_ml.drift.detection.evidence import (
    evidence_bound,
    log_evidence,
    log_evidence_any,
    log_evidence_bins,
    log_evidence_learned,
    log_evidence_tilts,
    quick_bound,
)
from otel_ml.drift.detection.tilts import tilt_weights

SHARES = np.array([0.5, 0.3, 0.15, 0.05])
RADIUS = np.array(0.1)
UNIFORM = np.full(20, 0.05)


def outcomes(rows: int, bins: int) -> np.ndarray:
    """All count vectors of so many rows."""
    return np.array([one for one in product(range(rows + 1), repeat=bins) if sum(one) == rows], dtype=float)


def evidence(counts: np.ndarray, shares: np.ndarray, radius: np.ndarray, kind: str) -> np.ndarray:
    tolerance = np.broadcast_to(radius, counts.shape[:-1])
    shares = np.broadcast_to(shares, counts.shape)
    weights = np.broadcast_to(tilt_weights(shares[:1], tolerance[:1]), (len(counts), 40, counts.shape[-1]))
    earlier = np.broadcast_to(np.arange(shares.shape[-1]) * 3.0, counts.shape)
    return {
        "any": lambda: log_evidence_any(counts, shares, tolerance, 100.0),
        "bins": lambda: log_evidence_bins(counts, shares, tolerance),
        "learned": lambda: log_evidence_learned(counts, earlier, shares, tolerance, 10.0),
        "tilts": lambda: log_evidence_tilts(counts, weights),
        "all": lambda: log_evidence(counts, shares, tolerance, 100.0, earlier=earlier, splits=6, weights=weights),
    }[kind]()


def in_the_ball() -> list[np.ndarray]:
    """The reference, points on the edge of the ball, and those that are closest to something outside of it."""
    rng = np.random.default_rng(5)
    towards = [np.eye(4)[place] for place in range(4)] + list(rng.dirichlet(np.ones(4), 8))
    return [SHARES, *(closest(one + 1e-3, SHARES, RADIUS) for one in towards)]


@pytest.mark.parametrize("kind", ["any", "bins", "learned", "tilts", "all"])
@pytest.mark.parametrize("rows", [1, 2, 12])
def test_the_expectation_is_at_most_one_under_all_that_does_not_matter(kind: str, rows: int) -> None:
    """Exactly, over all outcomes."""
    counts = outcomes(rows, 4)
    values = np.exp(evidence(counts, SHARES, RADIUS, kind))
    for law in in_the_ball():
        assert float(multinomial.pmf(counts, rows, law) @ values) <= 1 + 1e-9


@pytest.mark.parametrize("kind", ["learned", "tilts", "bins"])
def test_rows_may_wander_within_the_ball(kind: str) -> None:
    """Each row of another law, and the worst one for what is measured: the expectation is still at most 1."""
    laws, counts = in_the_ball(), outcomes(3, 4)
    for first, second, third in ((laws[1], laws[2], laws[3]), (laws[4], laws[1], laws[9])):
        chance = np.zeros(len(counts))
        for bins in product(range(4), repeat=3):
            row = np.bincount(bins, minlength=4)
            chance[(counts == row).all(axis=1)] += first[bins[0]] * second[bins[1]] * third[bins[2]]
        assert float(chance @ np.exp(evidence(counts, SHARES, RADIUS, kind))) <= 1 + 1e-9


def test_the_expectation_is_at_most_one_in_simulation_too() -> None:
    """With the bins and rows of real windows, where no enumeration is possible."""
    rng = np.random.default_rng(11)
    edge = closest(np.exp(np.linspace(-1, 1, 20)), UNIFORM, np.array(0.05))
    for law in (UNIFORM, edge):
        values = np.exp(evidence(rng.multinomial(1000, law, size=4000).astype(float), UNIFORM, np.array(0.05), "all"))
        assert values.mean() <= 1


@pytest.mark.parametrize("kind", ["any", "bins", "learned", "tilts", "all"])
def test_nothing_exceeds_the_bound(kind: str) -> None:
    rng = np.random.default_rng(3)
    laws = np.concatenate([rng.dirichlet(np.full(20, size), 100) for size in (3.0, 30.0, 300.0)])
    counts = np.array([rng.multinomial(rng.integers(1, 9000), law) for law in laws]).astype(float)
    tolerance = np.full(len(counts), 0.05)
    bound = evidence_bound(counts, np.broadcast_to(UNIFORM, counts.shape), tolerance)
    assert (bound <= quick_bound(counts, UNIFORM, tolerance) + 1e-9).all()
    assert (evidence(counts, UNIFORM, np.array(0.05), kind) <= bound + 1e-9).all()
    inside = 0.5 * np.abs(counts / counts.sum(-1, keepdims=True) - UNIFORM).sum(-1) <= 0.05
    assert inside.any()
    assert bound[inside] == pytest.approx(0)


def moved(sigma: float) -> np.ndarray:
    from scipy.stats import norm

    return np.diff(norm.cdf(np.append(norm.ppf(np.linspace(0, 0.95, 20)), np.inf) - sigma))


@pytest.mark.parametrize("sigma", [0.25, -0.25, 0.5])
def test_a_move_is_found_by_tilts_with_less_data_than_by_any_other(sigma: float) -> None:
    counts = 3000 * moved(sigma)[None]
    tilts = evidence(counts, UNIFORM, np.array(0.05), "tilts")
    assert tilts > 5
    assert tilts > evidence(counts, UNIFORM, np.array(0.05), "any")


def test_a_new_value_is_found_by_its_bin() -> None:
    shares = np.array([*np.full(19, 1 / 19 - 1e-5), 19e-5])
    counts = 3000 * (0.9 * shares + 0.1 * np.eye(20)[-1])[None]
    assert evidence(counts, shares, np.array(0.05), "bins") > 20


def test_what_lasts_is_learned_whatever_its_shape() -> None:
    rng = np.random.default_rng(8)
    law = 0.05 * (1 + 0.25 * rng.permutation(np.repeat([-1.0, 1.0], 10)))
    later, earlier = rng.multinomial(4000, law, size=2)[:, None].astype(float)
    shares, radius = UNIFORM[None], np.array([0.05])
    assert log_evidence_learned(later, earlier, shares, radius, 100.0) > 20
    assert log_evidence_any(later, shares, radius, 100.0) < 20
    assert log_evidence_learned(later, np.zeros((1, 20)), shares, radius, 100.0) == pytest.approx(0)


def test_no_rows_are_no_evidence() -> None:
    nothing = np.zeros((1, 20))
    assert evidence(nothing, UNIFORM, np.array(0.05), "all") == pytest.approx(0, abs=0.7)
    assert evidence_bound(nothing, UNIFORM, np.array([0.05])) == 0
    assert quick_bound(nothing, UNIFORM, np.array([0.05])) == 0


def test_padding_changes_nothing() -> None:
    counts, padded = np.array([[50.0, 30.0, 20.0]]), np.array([[50.0, 30.0, 20.0, 0.0, 0.0]])
    shares, wide = np.array([0.2, 0.3, 0.5]), np.array([0.2, 0.3, 0.5, 0.0, 0.0])
    for kind in ("any", "bins", "tilts"):
        narrow = evidence(counts, shares, RADIUS, kind)
        assert evidence(padded, wide, RADIUS, kind) == pytest.approx(narrow), kind

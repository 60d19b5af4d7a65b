"""Alternatives for a variable that moves as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.detection.tilts import tilt_weights, tilts

SHARES = np.stack([np.full(20, 0.05), np.array([0.4, 0.2, 0.2, 0.1, 0.1, *np.zeros(15)])])
RADIUS = np.array([0.05, 0.1])


def test_they_are_distributions_outside_of_the_ball() -> None:
    found = tilts(SHARES, RADIUS)
    assert found.sum(-1) == pytest.approx(1)
    assert (found[1, :, 5:] == 0).all()
    distance = 0.5 * np.abs(found - SHARES[:, None]).sum(-1)
    assert (distance[0] > 0.05).mean() > 0.9


def test_some_move_up_and_some_widen() -> None:
    first = tilts(SHARES, RADIUS)[0]
    mean = first @ np.arange(20)
    spread = first @ np.square(np.arange(20) - 9.5)
    assert mean.min() < 5
    assert mean.max() > 14
    assert spread.min() < 25
    assert spread.max() > 50


def test_a_row_is_expected_to_add_nothing_within_the_ball() -> None:
    """The edge of the ball at its worst for each alternative: mass goes to the bin of the largest weight."""
    ratios = np.exp(tilt_weights(SHARES, RADIUS))
    assert (ratios[1, :, 5:] == 1).all()
    for shares, radius, ratio in zip(SHARES, RADIUS, ratios, strict=True):
        for one in ratio:
            law = shares.copy()
            law[np.where(shares > 0, one, -np.inf).argmax()] += radius
            left = radius
            for place in np.argsort(np.where(shares > 0, one, np.inf)):
                taken = min(left, law[place])
                law[place] -= taken
                left -= taken
            assert law @ one <= 1 + 1e-9

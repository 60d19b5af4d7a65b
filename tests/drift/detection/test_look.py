"""Windows as the detector gets them."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.detection.look import Look


def test_sums_and_references_are_put_in_order() -> None:
    sums = {4: np.full((2, 7), 4), 1: np.full((2, 7), 1)}
    look = Look.of(sums, {1: np.full((2, 7), 10), 4: np.full((2, 7), 40)})
    assert look.look_backs.tolist() == [1, 4]
    assert look.counts[:, 0, 0].tolist() == [1, 4]
    assert look.reference[:, 0, 0].tolist() == [10, 40]
    assert Look.of(sums, np.zeros((2, 7))).reference.shape == (1, 2, 7)


@pytest.mark.parametrize(("steps", "place"), [(0, -1), (1, 0), (3, 1), (4, 2), (100, 2)])
def test_the_longest_look_back_within_some_steps(steps: int, place: int) -> None:
    look = Look.of({one: np.zeros((1, 6)) for one in (1, 2, 4)}, np.zeros((1, 6)))
    assert look.longest(np.array(steps)) == place

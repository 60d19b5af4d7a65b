"""Page-Hinkley against river and frouros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from river.drift import PageHinkley as RiverPageHinkley

from otel_ml.drift.sequential.page_hinkley import PageHinkley
from tests.drift.sequential.streams import Floats, changes, recorded, steps

# of frouros 0.9, as in test_cusum.py, with its running mean
FROUROS = {
    (0.1, 20.0): [634, 1010, 1127, 1449, 2019, 2122, 3055, 3235, 3427],
    (0.25, 12.0): [1010, 1118, 2014, 2114, 3055, 3235, 3392, 3735],
}


def rivers(stream: Floats, allowance: float, threshold: float, least: int = 30) -> list[int]:
    peer: Any = RiverPageHinkley(min_instances=least, delta=allowance, threshold=threshold, alpha=1.0)
    found = []
    for at, value in enumerate(stream.tolist()):
        peer.update(value)
        if peer.drift_detected:
            found.append(at)
    return found


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("allowance", "threshold", "least"), [(0.005, 50, 30), (0.25, 10, 30), (0.1, 5, 200)])
def test_it_finds_what_river_finds(seed: int, allowance: float, threshold: float, least: int) -> None:
    stream = steps(seed, 0, 0.7, -0.4)
    found = changes(PageHinkley(0, 1, allowance=allowance, threshold=threshold, least=least), stream)
    assert found == rivers(stream, allowance, threshold, least)
    assert found


@pytest.mark.parametrize(("allowance", "threshold"), FROUROS)
def test_it_finds_what_frouros_finds(allowance: float, threshold: float) -> None:
    found = changes(PageHinkley(0, 1, allowance=allowance, threshold=threshold), recorded())
    assert found == FROUROS[allowance, threshold]


def test_where_the_stream_begins_is_no_change() -> None:
    assert PageHinkley(0, 1).update_many(steps(1, 3)) is None


def test_there_is_no_alarm_before_there_is_a_mean() -> None:
    jump = np.concatenate([np.zeros(3), np.full(100, 50.0)])
    assert PageHinkley(0, 1, threshold=10, least=30).update_many(jump) == 29
    assert PageHinkley(0, 1, threshold=10, least=1).update_many(jump) == 3

"""CUSUM against frouros, and its run length against simulation and the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from river.drift import PageHinkley as RiverPageHinkley

from otel_ml.drift.sequential.cusum import Cusum, run_length
from tests.drift.sequential.streams import changes, recorded, steps

# frouros 0.9 needs a numpy below 2.2 and can not be installed beside the newest: its CUSUM, once on the values and once on
# their negatives, with its running mean held at zero, both reset at a change, gave these.
FROUROS: dict[tuple[float, float], list[int]] = {
    (0.5, 6.0): [
        433, 769, 824, 1006, 1016, 1034, 1042, 1053, 1061, 1069, 1086, 1094, 1733, 1761, 2011, 2019, 2028, 2047, 2055, 2070,
        2089, 2096, 2183, 3055, 3141, 3158, 3173, 3333, 3736,
    ],
    (0.25, 12.0): [
        1010, 1031, 1047, 1060, 1071, 1092, 1743, 2014, 2028, 2049, 2067, 2087, 2101, 3055, 3106, 3141, 3164, 3333, 3736,
    ],
}  # fmt: skip


@pytest.mark.parametrize(("allowance", "threshold"), FROUROS)
def test_it_finds_what_frouros_finds(allowance: float, threshold: float) -> None:
    found = changes(Cusum(0, 1, allowance=allowance, threshold=threshold), recorded())
    assert found == FROUROS[allowance, threshold]


def test_rivers_page_hinkley_is_a_cusum_as_long_as_its_mean_stays() -> None:
    # a long history in which every second value is the other's negative holds the running mean at zero
    history = np.tile([0.1, -0.1], 2_000_000)[:100_000]
    stream = np.concatenate([history, steps(3, 0, rows=100), steps(4, 1.5, rows=100)])
    peer: Any = RiverPageHinkley(delta=0.5, threshold=9, alpha=1.0)
    expected = 0
    for at, value in enumerate(stream):
        peer.update(value)
        if peer.drift_detected:
            expected = at
            break
    assert expected > 100_100
    assert Cusum(0, 1, threshold=9).update_many(stream) == expected


def test_the_sums_are_those_of_the_definition() -> None:
    values = steps(1, 0.2, rows=500)
    against = Cusum(0, 1, threshold=1e9)
    up = down = 0.0
    for value in values:
        up, down = max(0.0, up + value - 0.5), max(0.0, down - value - 0.5)
        against.update(value)
        assert against.sums == pytest.approx((up, down), abs=1e-9)


@pytest.mark.parametrize(("threshold", "table"), [(3.0, 58.8), (4.0, 168.0), (5.0, 465.0)])
def test_the_run_length_is_that_of_the_tables(threshold: float, table: float) -> None:
    # Montgomery, Introduction to Statistical Quality Control, for an allowance of .5
    assert run_length(0.5, threshold) == pytest.approx(table, rel=0.05)


@pytest.mark.parametrize(("allowance", "threshold"), [(0.5, 4.0), (0.5, 6.0), (0.25, 6.0)])
def test_the_run_length_is_as_simulated(allowance: float, threshold: float) -> None:
    rows = 1_000_000
    found = changes(Cusum(0, 1, allowance=allowance, threshold=threshold), steps(2, 0, rows=rows))
    assert rows / len(found) == pytest.approx(run_length(allowance, threshold), rel=0.08)


@pytest.mark.parametrize("wrong", [{"allowance": -0.1}, {"threshold": 0.0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="allowance must be at least 0"):
        Cusum(0, 1, **wrong)

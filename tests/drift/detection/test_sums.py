"""Evidence over look-backs as one sum."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.detection.sums import negligible, summed


def test_e_values_add_up_and_the_largest_is_named() -> None:
    found = summed(np.log([[1.0, 2.0], [3.0, 0.5], [6.0, 0.5]]))
    assert np.exp(found.log) == pytest.approx([10.0, 3.0])
    assert found.at.tolist() == [2, 0]


def test_nothing_is_no_evidence_and_what_is_certain_stays_so() -> None:
    found = summed(np.array([[-np.inf, np.inf, 800.0], [-np.inf, 0.0, 800.0]]))
    assert found.log[0] == -np.inf
    assert found.log[1] == np.inf
    assert found.log[2] == pytest.approx(800 + np.log(2))


@pytest.mark.parametrize("look_backs", [1, 7])
def test_what_is_negligible_changes_a_sum_at_the_threshold_by_little(look_backs: int) -> None:
    left_out = look_backs * np.exp(-negligible(look_backs))
    assert left_out < 0.15

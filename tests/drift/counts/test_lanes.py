from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.counts.lanes import STRETCH, Lanes


@pytest.mark.parametrize("length", [1, 7, 8, STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH])
def test_counts_are_those_of_numpy(length: int) -> None:
    rng = np.random.default_rng(length)
    matrices = [rng.random((4, length)) < share for share in (0.1, 0.5, 1.0)]
    lanes = Lanes(3, 4, length)
    for index, matrix in enumerate(matrices):
        lanes.truths[:] = matrix
        lanes.add(index)
    assert lanes.counts().tolist() == [np.count_nonzero(matrix, axis=1).tolist() for matrix in matrices]


def test_prints_are_the_same_where_counts_are() -> None:
    lanes = Lanes(3, 2, 10_000)
    lanes.truths[1] = True
    for index in range(2):
        lanes.add(index)
    lanes.truths[1, 9_999] = False
    lanes.add(2)
    assert lanes.print_of(0, 1) == lanes.print_of(1, 1) != lanes.print_of(2, 1)

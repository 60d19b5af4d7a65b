"""The one layout of counts that every reader shares."""

from __future__ import annotations

import numpy as np

from otel_ml.drift import Baseline, layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.variables import Variable


def test_rows_are_nulls_errors_of_type_and_values_and_no_more() -> None:
    counts = np.array([[1, 2, 99, 99, 99, 10, 20], [5, 0, 0, 0, 0, 0, 0]])
    assert layout.rows_of(counts).tolist() == [33, 5]
    assert layout.rows_of(counts[0]) == 33


def test_the_rows_of_a_masked_variable_are_known_without_a_bin() -> None:
    masked = Variable("secret", kind="masked", rows=100, nulls=10)
    assert layout.rows_of(layout.reference([masked])).tolist() == [100]
    assert not layout.bins([masked]).any()
    binner = Binner(Baseline("", 100, (masked,)))
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count({"secret": np.array(["a", None, "b"], dtype=object)}, 3, counts)
    assert counts[0, layout.NULL] == 1
    assert layout.rows_of(counts).tolist() == [3]

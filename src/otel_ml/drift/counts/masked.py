"""Counts of values that nobody may look at: there is one, or there is none."""

from __future__ import annotations

import numpy as np

from otel_ml.drift.counts.labels import nulls_of
from otel_ml.drift.layout import FIRST, NULL


class Masked:
    """The values of one masked variable, counted as `Categories` counts those that have a name."""

    def count(self, column: np.ndarray, into: np.ndarray) -> None:
        """Adds the counts of a column to the variable's row of the count matrix, of shape (width,)."""
        nulls = np.count_nonzero(nulls_of(column))
        into[NULL] += nulls
        into[FIRST] += len(column) - nulls

    def bins(self, column: np.ndarray) -> np.ndarray:
        """Finds the layout column of each value, of shape (rows,)."""
        return np.where(nulls_of(column), NULL, FIRST)

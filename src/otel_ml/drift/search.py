"""Which rows of a batch have a rare event. Counts say only how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.counts.binning import Binner

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline


class Search:
    """Finds rows by counting halves of them, so that what is found is what was counted.

    Args:
        baseline: whose bins are counted.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._binners: dict[int, Binner] = {}

    def rows(
        self,
        variable: int,
        column: int,
        features: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        count: int,
    ) -> Iterator[int]:
        """Yields the rows that count in a column of a variable's counts, in order.

        Args:
            variable: its index in the baseline.
            column: of the layout.
            features: of the rows; those that the variable is made of are enough.
            outputs: of the rows.
            count: of the rows.
        """
        return _halve(partial(self._has, variable, column, features, outputs), 0, count)

    def _has(
        self,
        index: int,
        column: int,
        features: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        low: int,
        high: int,
    ) -> bool:
        variable = self._baseline.variables[index]
        if index not in self._binners:  # one of a single variable, since counting all of them would take too long
            self._binners[index] = Binner(replace(self._baseline, variables=(variable,), projections=None))
        binner = self._binners[index]
        part = {name: values[low:high] for name, values in features.items() if name in (variable.name, variable.source)}
        made = {name: values[low:high] for name, values in outputs.items()}
        counts = np.zeros(binner.shape, dtype=np.int64)
        binner.count(part, high - low, counts, made)
        return bool(counts[0, column])


def _halve(has: Callable[[int, int], bool], low: int, high: int) -> Iterator[int]:
    if low == high or not has(low, high):
        return
    if high - low == 1:
        yield low
        return
    middle = (low + high) // 2
    yield from _halve(has, low, middle)
    yield from _halve(has, middle, high)

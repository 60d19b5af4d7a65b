"""Which rows of a batch have a rare event: a null, a value out of range. Counts say only how many have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.counts.binning import Binner

if TYPE_CHECKING:
    from otel_ml.drift import Baseline


class Search:
    """Finds rows by counting halves of them, so that what is counted is what is found.

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
        """The rows that count in a column of a variable's counts, in order.

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
        binner = self._binners.get(index)
        variable = self._baseline.variables[index]
        if binner is None:  # one of a single variable: counting all of them would take too long
            binner = self._binners[index] = Binner(replace(self._baseline, variables=(variable,), projections=None))
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

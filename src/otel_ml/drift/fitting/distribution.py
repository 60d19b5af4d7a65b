"""What is kept of numbers: quantiles, moments, extremes, infinities."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from otel_ml.drift.fitting.quantiles import Quantiles, joined

DIGITS: Final = 14
"""Significant digits of a mean or a deviation in a baseline: the last ones differ between machines."""

_LEAST_SQUARES: Final = 1e-280
"""A sum below this one has lost digits."""


class Distribution:
    """Numbers of one column.

    Attributes:
        quantiles: of the finite ones.
        count: how many were finite.
        below: how many were minus infinity.
        above: how many were plus infinity.
        whole: whether every finite one is an integer.
        minimum: the smallest finite one, infinity if there is none.
        maximum: the largest, minus infinity if there is none.
    """

    def __init__(self) -> None:
        self.quantiles = Quantiles()
        self.count = self.below = self.above = 0
        self.whole = True
        self.minimum, self.maximum = math.inf, -math.inf
        self._mean = self._squares = 0.0

    def add(self, values: np.ndarray) -> None:
        """Adds float64 values that are not NaN, in any order."""
        if not len(values):
            return
        values = np.sort(values)
        self.below += (low := int(np.searchsorted(values, -math.inf, side="right")))
        self.above += len(values) - (high := int(np.searchsorted(values, math.inf, side="left")))
        values = values[low:high]
        if not len(values):
            return
        values += 0.0  # minus zero would be a value of its own in the file
        with np.errstate(over="ignore", invalid="ignore"):  # told from the quantiles then
            mean = float(values.mean())
            squares = float(np.square(values - mean).sum())
        self._add(*joined(values), mean, squares)

    def add_weighted(self, values: np.ndarray, weights: np.ndarray) -> None:
        """Adds different finite values in ascending order with the number of rows of each."""
        if not len(values):
            return
        total = int(weights.sum())
        mean = float((values * weights).sum()) / total
        self._add(values, weights, mean, float((np.square(values - mean) * weights).sum()))

    def merge(self, other: Distribution) -> None:
        """Adds what the other has seen."""
        self.below += other.below
        self.above += other.above
        self._moments(other.count, other._mean, other._squares)
        self.whole &= other.whole
        self.minimum, self.maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        self.quantiles.merge(other.quantiles)

    @property
    def size(self) -> int:
        """Numbers seen, infinite ones included."""
        return self.count + self.below + self.above

    @property
    def mean(self) -> float | None:
        """Mean of the finite numbers."""
        if not self.count:
            return None
        return shortened(self._mean if math.isfinite(self._mean) else self._scaled()[0])

    @property
    def std(self) -> float | None:
        """Standard deviation of the finite numbers, with n in the denominator."""
        if not self.count:
            return None
        if self.minimum == self.maximum:
            return 0.0
        if _LEAST_SQUARES < self._squares < math.inf:
            return shortened(math.sqrt(self._squares / self.count))
        return shortened(self._scaled()[1])

    def _add(self, values: np.ndarray, weights: np.ndarray, mean: float, squares: float) -> None:
        self._moments(int(weights.sum()), mean, squares)
        self.minimum, self.maximum = min(self.minimum, float(values[0])), max(self.maximum, float(values[-1]))
        self.whole = self.whole and bool((np.rint(values) == values).all())
        self.quantiles.add(values, weights)

    def _moments(self, count: int, mean: float, squares: float) -> None:
        """Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979."""
        total = self.count + count
        if not count:
            return
        apart = mean - self._mean
        with np.errstate(over="ignore", invalid="ignore"):
            self._mean += apart * (count / total)
            self._squares += squares + float(np.square(apart)) * self.count * (count / total)
        self.count = total

    def _scaled(self) -> tuple[float, float]:
        """Mean and deviation of numbers so large or so small that no float holds the sum of their squares: of the quantiles."""
        values, weights = self.quantiles.summary()
        scale = max(abs(self.minimum), abs(self.maximum))
        shares, small = weights / weights.sum(), values / scale
        mean = float((small * shares).sum())
        deviation = math.sqrt(float((np.square(small - mean) * shares).sum()))
        return mean * scale, min(deviation * scale, float(np.finfo(np.float64).max))


def shortened(number: float) -> float:
    """A number with as many digits as machines agree on."""
    return float(f"{number:.{DIGITS - 1}e}")

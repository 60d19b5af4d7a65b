"""Cumulative sums of deviations in both directions, that fall back to zero: the core of CUSUM and Page-Hinkley."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.sequential.stream import Detector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class CumulativeSums(Detector):
    """Raises the alarm when the deviations in one direction, less an allowance each, add up to more than a threshold."""

    def __init__(self, mean: float, std: float, allowance: float, threshold: float, least: int) -> None:
        """Begin with empty sums.

        Args:
            mean: of the baseline.
            std: its standard deviation.
            allowance: deviation up to which a value adds nothing, in standard deviations.
            threshold: in standard deviations.
            least: values before the first alarm.

        Raises:
            ValueError: the baseline has no scale, or a parameter is out of its range.
        """
        super().__init__(mean, std)
        if allowance < 0 or threshold <= 0 or least < 1:
            raise ValueError("allowance must be at least 0, threshold above 0 and least at least 1")
        self._allowance, self._threshold, self._least = float(allowance), float(threshold), least
        self._seen, self._up, self._down = 0, 0.0, 0.0

    @property
    def sums(self) -> tuple[float, float]:
        """Of the deviations upwards and downwards, both from 0."""
        return self._up, self._down

    def _take(self, scaled: Floats) -> int | None:
        deviations = self._deviations(scaled)
        up = _reflected(deviations - self._allowance, self._up)
        down = _reflected(-deviations - self._allowance, self._down)
        alarm = np.maximum(up, down) > self._threshold
        alarm[: max(self._least - self._seen - 1, 0)] = False
        found = int(alarm.argmax())
        if not alarm[found]:
            self._seen, self._up, self._down = self._seen + len(scaled), float(up[-1]), float(down[-1])
            return None
        self.direction = "up" if up[found] >= down[found] else "down"
        self._begin()
        return found

    def _take_one(self, scaled: float) -> bool:
        deviation = self._deviation(scaled)
        up, down = self._up + (deviation - self._allowance), self._down + (-deviation - self._allowance)
        self._seen += 1
        # without max(), which takes longer than all the rest
        self._up = up = up if up > 0 else 0.0
        self._down = down = down if down > 0 else 0.0
        if (up <= self._threshold and down <= self._threshold) or self._seen < self._least:
            return False
        self.direction = "up" if up >= down else "down"
        self._begin()
        return True

    def _begin(self) -> None:
        self._seen, self._up, self._down = 0, 0.0, 0.0

    @abstractmethod
    def _deviations(self, scaled: Floats) -> Floats:
        """From what the values should be. Called once for each block, before its values are counted."""

    @abstractmethod
    def _deviation(self, scaled: float) -> float:
        """`_deviations` of one value."""


def _reflected(steps: Floats, start: float) -> Floats:
    """The sums s = max(0, s + step), all at once: the plain sums, less how far they have been below zero (Lindley)."""
    plain = start + steps.cumsum()
    return plain - np.minimum(np.minimum.accumulate(plain), 0.0)

"""What the detectors of a scalar stream have in common: values in standard deviations of the baseline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import copysign, inf, isfinite
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Direction = Literal["up", "down"]

FAR: Final = 20.0
"""Standard deviations; what is further off counts as this far, so that one absurd value does not outlast all others."""

BLOCK: Final = 16_384
"""Values at a time: after an early change there is little to throw away, and a sum never runs for long."""


class Detector(ABC):
    """A change detector, fed value by value or by the batch.

    It works on ``(x - mean) / std``, so its parameters mean the same for any stream. NaN and infinity are passed over.

    Attributes:
        direction: in which the last change went; None before the first.
    """

    def __init__(self, mean: float, std: float) -> None:
        """Take the baseline.

        Args:
            mean: of the stream as it should be.
            std: its standard deviation.

        Raises:
            ValueError: they are not finite, or std is not above 0: a constant has no scale to measure by.
        """
        if not (isfinite(mean) and 0 < std < inf):
            raise ValueError(f"mean must be finite and std above 0, not {mean!r} and {std!r}")
        self._mean, self._std = float(mean), float(std)
        self.direction: Direction | None = None

    def update(self, x: float) -> bool:
        """Take the next value.

        Returns:
            Whether the stream has changed; the detector has begun anew then.
        """
        value = float(x)
        scaled = (value - self._mean) / self._std
        if -FAR <= scaled <= FAR:
            return self._take_one(scaled)
        return isfinite(value) and self._take_one(copysign(FAR, scaled))

    def update_many(self, values: ArrayLike) -> int | None:
        """Take the next values, up to the first change.

        Args:
            values: shape (n,).

        Returns:
            The index at which a change was found, where the detector has begun anew: those after it are not taken yet. Or
            None, when all were.
        """
        raw = np.asarray(values, dtype=np.float64)
        for start in range(0, len(raw), BLOCK):
            block = raw[start : start + BLOCK]
            finite = np.isfinite(block)
            whole = bool(finite.all())
            with np.errstate(over="ignore"):
                scaled = (block if whole else block[finite]) - self._mean
                scaled /= self._std
            found = self._take(scaled.clip(-FAR, FAR, out=scaled)) if scaled.size else None
            if found is not None:
                return start + (found if whole else int(np.flatnonzero(finite)[found]))
        return None

    @abstractmethod
    def _take_one(self, scaled: float) -> bool:
        """`update` with a finite standardised value."""

    @abstractmethod
    def _take(self, scaled: Floats) -> int | None:
        """`update_many` of a block of finite standardised values, at least one."""

"""ADWIN: a window that grows as long as its parts agree, and drops its old part when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.sequential.cuts import Cuts
from otel_ml.drift.sequential.exponential_histogram import ExponentialHistogram, Growth
from otel_ml.drift.sequential.stream import Detector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KEPT: Final = 64
"""Values at most that came one by one, until they go into the window together."""

LOOKS: Final = 1_024
"""At a time, which memory and cache have room for."""

AFTER_A_CHANGE: Final = 1_024
"""Values to look at first then: where changes come one after the other, all later values would be looked at for nothing."""


class Adwin(Detector):
    """Adaptive windowing (Bifet and Gavaldà, 2007).

    The window is kept as buckets of 1, 2, 4 … values, so memory grows with the logarithm of its length. It is looked at
    every few values: wherever it can be cut, the means of both sides may differ by Bernstein's bound for the variance and the
    lengths. If they differ by more, there was a change: the oldest buckets go until the rest agrees, which `width` and
    `estimate` then tell of, and the next value begins a new window, since what is left of an old level would be found over
    and over. The bound takes values to have a range of one standard deviation, which suits tails no heavier than a Gaussian's.

    >>> import numpy as np
    >>> errors = np.random.default_rng(1).normal(3.0, 2.0, 2_000)
    >>> errors[1_000:] += 2.0  # one standard deviation
    >>> adwin = Adwin(mean=3.0, std=2.0)
    >>> adwin.update_many(errors), adwin.direction
    (1055, 'up')
    """

    def __init__(self, mean: float, std: float, *, delta: float = 0.002, clock: int = 32, least: int = 5) -> None:
        """Begin with an empty window.

        Args:
            mean: of the baseline.
            std: its standard deviation.
            delta: bound on the probability of a false alarm at one look, between 0 and 1.
            clock: values between two looks.
            least: values on each side of a cut.

        Raises:
            ValueError: the baseline has no scale, or a parameter is out of its range.
        """
        super().__init__(mean, std)
        if not 0 < delta < 1 or clock < 1 or least < 1:
            raise ValueError("delta must be between 0 and 1, clock and least at least 1")
        self._cuts = Cuts(float(delta), clock, least)
        self._window = ExponentialHistogram()
        self._kept: list[float] = []
        self._room = self._until_full()
        self._left: tuple[int, float] | None = None

    @property
    def width(self) -> int:
        """Values in the window."""
        return self._window.width + len(self._kept) if self._left is None else self._left[0]

    @property
    def estimate(self) -> float:
        """Mean of the window, in the unit of the stream; that of the baseline while it is empty."""
        if self._left is None:
            self._add_kept()
        width, total = self._left or (self._window.width, self._window.total)
        return self._mean + self._std * (total / width if width else 0.0)

    def _take_one(self, scaled: float) -> bool:
        self._left = None
        self._kept.append(scaled)
        return len(self._kept) == self._room and self._add_kept()

    def _add_kept(self) -> bool:
        kept, self._kept = self._kept, []
        return bool(kept) and self._add(np.array(kept)) is not None

    def _take(self, scaled: Floats) -> int | None:
        start, end = 0, AFTER_A_CHANGE if self._left else LOOKS * self._cuts.clock
        self._left = None
        self._add_kept()
        while start < len(scaled):
            found = self._add(scaled[start:end])
            if found is not None:
                return start + found
            start, end = end, end + LOOKS * self._cuts.clock
        return None

    def _add(self, values: Floats) -> int | None:
        """Let the window grow up to the first change; its index."""
        found, before = None, self._window.width
        growth = Growth(self._window, values)
        for look in self._cuts.suspects(growth).tolist():
            self._window = growth.within(look)
            if self._shrink():
                found = look - before - 1
                break
        else:
            if self._window.width < growth.width:
                self._window = growth.within(growth.width)
        self._room = self._until_full()
        return found

    def _shrink(self) -> bool:
        """Drop old buckets until the window agrees with itself; whether any had to go."""
        cuts, sums = self._window.cuts(), self._window.sums()
        if not (self._cuts.may_differ(cuts, sums) and self._cuts.differences(cuts, sums, 1).any()):
            return False
        differences = self._cuts.differences(cuts, sums, len(cuts) - 1)
        dropped = int(differences.any(axis=1).argmin())
        last = differences[dropped - 1]
        self.direction = "up" if last[np.flatnonzero(last)[0]] > 0 else "down"
        self._left = int(cuts[-1] - cuts[dropped]), float(sums[0, -1] - sums[0, dropped])
        self._window = ExponentialHistogram()
        return True

    def _until_full(self) -> int:
        """Values that may wait: up to the next look."""
        return min(self._cuts.clock - self._window.width % self._cuts.clock, KEPT)

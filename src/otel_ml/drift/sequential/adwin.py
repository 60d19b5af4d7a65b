"""ADWIN: a window that grows as long as its parts agree, and drops its old part when they do not."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.sequential.stream import Detector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BUCKETS: Final = 5
"""Of each size; when there is one more, the oldest two are merged into one of twice the size."""


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
        self._delta, self._clock, self._least = float(delta), clock, least
        self._begin()

    @property
    def width(self) -> int:
        """Values in the window."""
        return self._width

    @property
    def estimate(self) -> float:
        """Mean of the window, in the unit of the stream; that of the baseline while it is empty."""
        return self._mean + self._std * (self._total / self._width if self._width else 0.0)

    def _begin(self) -> None:
        self._changed, self._seen = False, 0
        self._width, self._total, self._squares = 0, 0.0, 0.0
        # by size, the smallest first; a bucket is its total and its squared deviations, the oldest first
        self._rows: list[list[tuple[float, float]]] = []

    def _take(self, scaled: Floats) -> int | None:
        start = 0
        while start < len(scaled):
            if self._changed:
                self._begin()
            end = start + self._clock - self._seen % self._clock
            taken = scaled[start:end].tolist()
            for value in taken:
                self._insert(value)
            self._seen += len(taken)
            if self._seen % self._clock == 0 and self._shrink():
                self._changed = True
                return end - 1
            start = end
        return None

    def _insert(self, value: float) -> None:
        if self._width:
            apart = value - self._total / self._width
            self._squares += apart * apart * self._width / (self._width + 1)
        self._width += 1
        self._total += value
        new, size = (value, 0.0), 1
        for row in self._rows:
            row.append(new)
            if len(row) <= BUCKETS:
                return
            new, size = _merged(row.pop(0), row.pop(0), size), size * 2
        self._rows.append([new])

    def _shrink(self) -> bool:
        """Drop old buckets until the window agrees with itself; whether any had to go."""
        changed = False
        while (up := self._disagreement()) is not None:
            self.direction = "up" if up else "down"
            self._drop()
            changed = True
        return changed

    def _disagreement(self) -> bool | None:
        """Whether the newer side is higher at the first cut where the two differ, or None where they do nowhere."""
        if self._width < 2 * self._least:
            return None
        totals = np.array([total for row in reversed(self._rows) for total, _ in row]).cumsum()[:-1]
        counts = [len(row) for row in reversed(self._rows)]
        sizes = 1 << np.arange(len(counts) - 1, -1, -1)
        old = np.repeat(sizes, counts).cumsum()[:-1]
        fits = (old >= self._least) & (self._width - old >= self._least)
        old, totals = old[fits], totals[fits]
        new = self._width - old
        difference = (self._total - totals) / new - totals / old
        inverse = 1 / (old - self._least + 1) + 1 / (new - self._least + 1)
        doubt = log(2 * log(self._width) / self._delta)
        variance = max(self._squares, 0.0) / self._width
        bound = np.sqrt(2 * inverse * variance * doubt) + 2 / 3 * doubt * inverse
        beyond = np.flatnonzero(np.abs(difference) > bound)
        return bool(difference[beyond[0]] > 0) if beyond.size else None

    def _drop(self) -> None:
        """Forget the oldest bucket."""
        total, squares = self._rows[-1].pop(0)
        size = 1 << (len(self._rows) - 1)
        if not self._rows[-1]:
            self._rows.pop()
        self._width -= size
        self._total -= total
        apart = total / size - self._total / self._width
        self._squares -= squares + apart * apart * size * self._width / (size + self._width)


def _merged(first: tuple[float, float], second: tuple[float, float], size: int) -> tuple[float, float]:
    """Total and squared deviations of two buckets of the same size together."""
    apart = (first[0] - second[0]) / size
    return first[0] + second[0], first[1] + second[1] + apart * apart * size / 2

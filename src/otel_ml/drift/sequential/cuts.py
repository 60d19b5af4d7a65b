"""Whether the two sides of a cut window differ: Bernstein's bound at every cut, in one look or in many at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.sequential.exponential_histogram import BUCKETS, made

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from otel_ml.drift.sequential.exponential_histogram import Growth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CLOSE: Final = 0.999
"""Of the bound: what is as far apart when sums are made another way may be beyond it."""

NO_VARIANCE: Final = 1e-9
"""In squared standard deviations of the baseline: so little may be left of a difference by rounding alone."""

FEW: Final = 2
"""Looks, for which it takes longer to tell where to look than to look."""

SLOTS: Final = np.arange(1, BUCKETS + 1)[:, None]


@dataclass(frozen=True)
class Cuts:
    """The rule by which the means of the two sides of a cut may differ.

    Attributes:
        delta: bound on the probability of a false alarm at one look.
        clock: values between two looks.
        least: values on each side of a cut.
    """

    delta: float
    clock: int
    least: int

    def differences(self, cuts: Ints, sums: Floats, starts: int) -> Floats:
        """How much higher the newer side is where the two differ by more than the bound, or else 0.

        Args:
            cuts: where the window begins, can be cut, and ends, shape (n,).
            sums: totals and totals of squares before each, shape (2, n).
            starts: windows to look at: the whole one, the one without its oldest bucket, the one without two, and so on.

        Returns:
            For each window at each cut, shape (starts, n).
        """
        width = cuts[-1] - cuts[:starts, None]
        old = cuts - cuts[:starts, None]
        fits = (old >= self.least) & (width - old >= self.least)
        old = np.where(fits, old, self.least)
        new = np.where(fits, width - old, self.least)
        total, squares = sums[:, -1:, None] - sums[:, :starts, None]
        old_total = sums[0] - sums[0, :starts, None]
        difference = (total - old_total) / new - old_total / old
        mean = total / width
        variance = np.maximum(squares / width - mean * mean, 0.0)
        bound = self._bound(old, new, variance, self._doubt(np.maximum(width, 2 * self.least)))
        return np.where(fits & (np.abs(difference) > bound), difference, 0.0)

    def may_differ(self, cuts: Ints, sums: Floats) -> bool:
        """Whether the two sides of a window may differ at some cut: a quick look that passes over nothing, see `suspects`."""
        width = int(cuts[-1])
        if width < 2 * self.least:
            return False
        mean, squares = (sums[:, -1] / width).tolist()
        variance, doubt = max(squares - mean * mean - NO_VARIANCE, 0.0), log(2 * log(width) / self.delta)
        far = np.abs(sums[0] - cuts * mean)
        near = np.sqrt(cuts * ((width - cuts) * (2 * CLOSE**2 * doubt * variance / width))) + 2 / 3 * CLOSE * doubt
        return bool((far > near).any())

    def suspects(self, growth: Growth) -> Ints:
        """The widths at which to look while a window grows: all those where two sides differ, and hardly any other.

        Where the old side's total is ``far`` from its share of the window's, the means differ by ``far * width / (old * new)``,
        and the bound is more than that while ``far < sqrt(2 * doubt * variance * old * new / width) + 2 / 3 * doubt``. A row of
        buckets is passed over at once if its farthest is so near; cuts in what remains are looked at by themselves.
        """
        before = growth.before.width
        looks = np.arange(before // self.clock + 1, growth.width // self.clock + 1) * self.clock
        looks = looks[looks >= 2 * self.least]
        if len(looks) <= FEW:
            return looks
        width, doubt = looks.astype(np.float64), self._doubt(looks)
        mean, variance = _moments(growth, looks)

        lowest = 0 if self.least < BUCKETS else 1  # of the newest row, a cut leaves less than that
        powers = np.arange(lowest, len(growth.begins) + 1)[:, None]
        # from here on, a row of the matrices is a size of buckets, and a column a look
        buckets, sizes = made(looks, powers), np.ldexp(1.0, powers)
        ends = buckets * sizes
        starts, ends, sizes = ends[1:], ends[:-1], sizes[:-1]
        first = 2 * buckets[1:] + np.subtract(growth.begins, growth.merged)[lowest:, None]
        sums = growth.totals(lowest)

        share = sizes * mean
        expected = starts * mean
        far, apart = np.zeros(first.shape), np.empty(first.shape)
        for slot in range(BUCKETS):
            expected += share
            sums[slot:].take(first, out=apart, mode="clip")
            apart -= expected
            np.abs(apart, out=apart)
            np.fmax(far, apart, out=far)
        # the weight between two cuts is never less than at both of them
        oldest = np.maximum(starts + sizes, self.least, out=apart)
        newest = np.minimum(ends, width - self.least, out=expected)
        near = np.minimum(oldest * (width - oldest), newest * (width - newest))
        near *= 2 * CLOSE**2 * doubt * variance / width
        np.sqrt(np.maximum(near, 0.0, out=near), out=near)
        near += 2 / 3 * CLOSE * doubt
        row, look = np.nonzero((far > near) & (oldest <= newest))
        if not look.size:
            return look

        # from here on, a row is a cut, and a column one of what remains
        width, sizes = width[look], sizes[row, 0]
        old = starts[row, look] + sizes * SLOTS
        apart = np.abs(sums.take(first[row, look] + SLOTS - 1) - old * mean[look])
        fits = (old >= self.least) & (old <= width - self.least)
        old = np.where(fits, old, self.least)
        bound = self._bound(old, width - old, variance[look], doubt[look])
        beyond = fits & (apart * width > CLOSE * bound * old * (width - old))
        found: Ints = looks[np.unique(look[beyond.any(axis=0)])]
        return found

    def _doubt(self, width: Ints) -> Floats:
        doubt: Floats = np.log(2 * np.log(width) / self.delta)
        return doubt

    def _bound(self, old: Floats | Ints, new: Floats | Ints, variance: Floats, doubt: Floats) -> Floats:
        """On the difference of the means of two sides."""
        inverse = 1 / (old - self.least + 1) + 1 / (new - self.least + 1)
        bound: Floats = np.sqrt(2 * inverse * variance * doubt) + 2 / 3 * doubt * inverse
        return bound


def _moments(growth: Growth, looks: Ints) -> tuple[Floats, Floats]:
    """Mean and variance of the window at each look."""
    stops = looks - growth.before.width
    sums = np.add.reduceat(growth.values[:, : stops[-1]], np.concatenate(([0], stops[:-1])), axis=1)
    sums[:, 0] += growth.before.sums()[:, -1]
    mean, squares = sums.cumsum(axis=1) / looks
    return mean, np.maximum(squares - mean * mean - NO_VARIANCE, 0.0)

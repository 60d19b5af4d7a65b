"""Page-Hinkley: has the mean left what it has been so far?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.sequential.sums import CumulativeSums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class PageHinkley(CumulativeSums):
    """The two-sided Page-Hinkley test: CUSUM against the stream's own mean since the last change (Page, 1954).

    Only its scale is the baseline's: a stream that differs from the baseline from its first value on is no change to it.

    >>> import numpy as np
    >>> errors = np.random.default_rng(1).normal(5.0, 2.0, 2_000)
    >>> errors[1_000:] += 2.0  # one standard deviation
    >>> PageHinkley(mean=3.0, std=2.0).update_many(errors)
    1035
    """

    def __init__(
        self, mean: float, std: float, *, allowance: float = 0.25, threshold: float = 25.0, least: int = 30
    ) -> None:
        """Begin without a mean.

        Args:
            mean: of the baseline.
            std: its standard deviation.
            allowance: deviation up to which a value adds nothing, in standard deviations; often called delta.
            threshold: of the sums, in standard deviations; often called lambda.
            least: values before the first alarm, so that there is a mean to compare with.

        Raises:
            ValueError: the baseline has no scale, or a parameter is out of its range.
        """
        super().__init__(mean, std, allowance, threshold, least)
        self._center = 0.0

    def _deviations(self, scaled: Floats) -> Floats:
        counts = self._seen + np.arange(1, len(scaled) + 1)
        # each mean as the one before the block plus what was added, which keeps the digits on a long stream
        centers = self._center + (scaled - self._center).cumsum() / counts
        self._center = float(centers[-1])
        return scaled - centers

    def _deviation(self, scaled: float) -> float:
        self._center += (scaled - self._center) / (self._seen + 1)
        return scaled - self._center

    def _begin(self) -> None:
        super()._begin()
        self._center = 0.0

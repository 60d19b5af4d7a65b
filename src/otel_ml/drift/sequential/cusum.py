"""CUSUM: has the mean left that of the baseline?"""

from __future__ import annotations

from math import expm1
from typing import TYPE_CHECKING

from otel_ml.drift.sequential.sums import CumulativeSums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Cusum(CumulativeSums):
    """The two-sided tabular CUSUM, against the baseline's mean (Page, 1954).

    It is the fastest of all detectors, at equal false alarms, for a shift of twice the allowance that is there at once
    (Moustakides, 1986). The threshold decides how rare a false alarm is: see `run_length`.

    >>> import numpy as np
    >>> errors = np.random.default_rng(1).normal(3.0, 2.0, 2_000)
    >>> errors[1_000:] += 2.0  # one standard deviation
    >>> Cusum(mean=3.0, std=2.0).update_many(errors)
    1033
    """

    def __init__(self, mean: float, std: float, *, allowance: float = 0.5, threshold: float = 13.0) -> None:
        """Begin with empty sums.

        Args:
            mean: of the baseline.
            std: its standard deviation.
            allowance: half the shift that matters, in standard deviations.
            threshold: of the sums, in standard deviations; the default gives about a false alarm in 1,400,000 values.

        Raises:
            ValueError: the baseline has no scale, or a parameter is out of its range.
        """
        super().__init__(mean, std, allowance, threshold, least=1)

    def _deviations(self, scaled: Floats) -> Floats:
        return scaled

    def _deviation(self, scaled: float) -> float:
        return scaled


def run_length(allowance: float, threshold: float) -> float:
    """Values until a two-sided `Cusum` gives a false alarm, on average, when they are independent and Gaussian.

    Siegmund's approximation (Sequential Analysis, 1985): within about 5% from a threshold of 3 on. Values with heavy tails
    come to an alarm sooner.

    Args:
        allowance: above 0, in standard deviations.
        threshold: in standard deviations.

    >>> [round(run_length(0.5, threshold)) for threshold in (4, 5, 8, 13)]
    [169, 469, 9556, 1419747]
    """
    reach = 2 * allowance * (threshold + 1.166)
    return (expm1(reach) - reach) / (2 * allowance**2) / 2

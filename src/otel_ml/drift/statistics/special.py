"""What numpy lacks and the engine needs: log-gamma, and quantiles of the binomial and chi-square families."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.statistics.gamma import gammaln, log_rising
from otel_ml.drift.statistics.tails import upper_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["binomial_upper", "chi_square_quantile", "gammaln", "log_rising"]

LOG_TWO: Final = 0.6931471805599453


def binomial_upper(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.999) -> Floats:
    """Upper confidence bound of a share (Clopper and Pearson, one-sided): it holds whatever the true share is.

    Args:
        successes: how often it happened, of any shape.
        trials: out of how many, of a shape that broadcasts with it; none gives the bound 1.
        confidence: that the true share is not above the bound, from .5 to below 1.

    Returns:
        float64 of the common shape: the largest share at which so few successes still have a probability of
        1 - confidence.

    Raises:
        ValueError: fewer than no successes, more of them than trials, or a confidence out of range.

    >>> binomial_upper([0, 5], 1000).round(5).tolist()
    [0.00688, 0.01636]
    """
    hits, of = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    if not np.all((hits >= 0) & (hits <= of)):
        raise ValueError("successes must be from 0 to the number of trials")
    z = _normal_quantile(confidence)
    bound = np.ones(hits.shape)
    open_ = hits < of
    k, n = hits[open_], of[open_]
    angle = np.arcsin(np.sqrt((k + 0.75) / (n + 1.5))) + z / (2 * np.sqrt(n + 1.5))
    start = np.clip(np.sin(np.clip(angle, 0, np.pi / 2)) ** 2, 1e-3 / (n + 1), 1 - 1e-3 / (n + 1))
    bound[open_] = upper_point(_Beta(k + 1, n - k), 1 - confidence, start)
    return bound


def chi_square_quantile(confidence: float, freedom: ArrayLike) -> Floats:
    """The value below which a chi-square variable lies with the given probability.

    Args:
        confidence: that probability, from .5 to below 1.
        freedom: degrees of freedom, of any shape; less than 1 gives 0.

    Returns:
        float64 of that shape.

    Raises:
        ValueError: a confidence out of range.

    >>> chi_square_quantile(0.999, [1, 9]).round(3).tolist()
    [10.828, 27.877]
    """
    k = np.asarray(freedom, dtype=np.float64)
    ninth = 2 / (9 * np.maximum(k, 1))
    start = np.sqrt(np.maximum(k, 1) * np.maximum(1 - ninth + _normal_quantile(confidence) * np.sqrt(ninth), 0.1) ** 3)
    return np.where(k < 1, 0.0, upper_point(_Chi(np.maximum(k, 1)), 1 - confidence, start) ** 2)


def _normal_quantile(confidence: float) -> float:
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence must be from 0.5 to below 1, not {confidence!r}")
    return NormalDist().inv_cdf(confidence)


@dataclass(frozen=True, slots=True)
class _Beta:
    """Beta(a, b) with a and b from 1: what the share is above, given k = a - 1 successes in a + b - 1 trials."""

    a: Floats
    b: Floats
    end: float = 1.0

    def log(self, x: Floats) -> Floats:
        few, many = np.minimum(self.a, self.b), np.maximum(self.a, self.b)
        scale = log_rising(many, few) - gammaln(few)
        return (self.a - 1) * np.log(x) + (self.b - 1) * np.log1p(-x) + scale

    def rise(self, x: Floats, by: Floats) -> Floats:
        return (self.a - 1) * np.log1p(by / x) + (self.b - 1) * np.log1p(-by / (1 - x))

    def slope(self, x: Floats) -> Floats:
        return (self.a - 1) / x - (self.b - 1) / (1 - x)

    def bend(self, x: Floats) -> Floats:
        return (self.a - 1) / x**2 + (self.b - 1) / (1 - x) ** 2


@dataclass(frozen=True, slots=True)
class _Chi:
    """The root of a chi-square variable; unlike its square, it is log-concave from one degree of freedom on."""

    freedom: Floats
    end: float = np.inf

    def log(self, x: Floats) -> Floats:
        scale = (1 - self.freedom / 2) * LOG_TWO - gammaln(self.freedom / 2)
        return (self.freedom - 1) * np.log(x) - x**2 / 2 + scale

    def rise(self, x: Floats, by: Floats) -> Floats:
        return (self.freedom - 1) * np.log1p(by / x) - by * (x + by / 2)

    def slope(self, x: Floats) -> Floats:
        return (self.freedom - 1) / x - x

    def bend(self, x: Floats) -> Floats:
        return (self.freedom - 1) / x**2 + 1

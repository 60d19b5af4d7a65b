"""Where the upper tail of a log-concave density holds a given probability, vectorised.

The tail is an integral over a smooth density that falls ever faster, so Gauss-Legendre quadrature over the stretch that
matters gives it to ten digits. Its logarithm is concave, so Newton's method, once to the right of the point it looks for,
comes down to it and never jumps over: no bracket, no bisection.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NODES: Final = 24
NEGLIGIBLE: Final = 30.0
"""What is e^-30 of where the tail begins, 1e-13, no longer counts."""

ROUNDING: Final = 4e-16
"""Of numbers near 1: no step can be smaller."""

STEPS: Final = 100
"""Newton takes about three; a start far out halves its distance at each."""

CLOSE: Final = 1e-8
"""A step as small as this was the last one: Newton's next is about its square."""


class Density(Protocol):
    """A log-concave density; its parameters are arrays of the shape of the points."""

    @property
    def end(self) -> float:
        """Where it ends, or infinity."""
        ...

    def log(self, x: Floats) -> Floats:
        """Its logarithm."""
        ...

    def rise(self, x: Floats, by: Floats) -> Floats:
        """By how much the logarithm changes from x to x + by; of shape (nodes, *x.shape)."""
        ...

    def slope(self, x: Floats) -> Floats:
        """First derivative of the logarithm."""
        ...

    def bend(self, x: Floats) -> Floats:
        """Second derivative, with the sign changed: at least 0."""
        ...


def upper_point(density: Density, tail: float, start: Floats) -> Floats:
    """The points above which a density has the probability `tail`.

    Args:
        density: of one dimension.
        tail: probability, above 0 and up to .5: the quadrature is for what lies beyond the bulk.
        start: near the points.

    Returns:
        Points to a relative 1e-9, of the shape of `start`.
    """
    points = start
    goal = np.log(tail)
    for _ in range(STEPS):
        width = _width(density, points)
        following = points + (density.log(points) + np.log(width) - goal) * width
        following = np.where(following > 0, following, points / 2)
        following = np.minimum(following, points * 2 if np.isinf(density.end) else (points + density.end) / 2)
        following = np.minimum(following, np.nextafter(density.end, 0))
        room = np.minimum(following, density.end - following)
        done = bool(np.all(np.abs(following - points) <= CLOSE * room + ROUNDING * points))
        points = following
        if done:
            break
    return points


def _width(density: Density, x: Floats) -> Floats:
    """The tail above x, in units of the density there."""
    slope, bend = density.slope(x), density.bend(x)
    # where a parabola with this slope and bend has fallen far enough; twice as far, since the bend itself may weaken
    with np.errstate(divide="ignore"):  # a level density reaches to its end
        reach = 4 * NEGLIGIBLE / (np.sqrt(slope**2 + 2 * NEGLIGIBLE * bend) - slope)
    reach = np.minimum(reach, density.end - x)
    nodes, weights = _quadrature()
    shape = (NODES, *(1,) * x.ndim)
    heights = np.exp(density.rise(x, nodes.reshape(shape) * reach))
    total: Floats = reach * (weights.reshape(shape) * heights).sum(axis=0)
    return total


@cache
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre quadrature over 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2

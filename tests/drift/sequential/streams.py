"""Streams that the detectors are tried on."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Many(Protocol):
    def update_many(self, values: ArrayLike) -> int | None: ...


def changes(detector: Many, values: Floats) -> list[int]:
    """Where a detector finds changes in a whole stream."""
    found: list[int] = []
    start = 0
    while (at := detector.update_many(values[start:])) is not None:
        start += at + 1
        found.append(start - 1)
    return found


def steps(seed: int, *levels: float, rows: int = 2_000) -> Floats:
    """Gaussian noise around levels, each for so many rows."""
    return np.random.default_rng(seed).normal(np.repeat(levels, rows))


def recorded() -> Floats:
    """The stream that the peers' results were recorded on: of the generator whose stream never changes."""
    values = np.random.RandomState(11).standard_normal(4_000)
    values[1_000:1_100] += 1
    values[2_000:2_100] -= 1
    values[3_000:3_200] += 0.5
    return values

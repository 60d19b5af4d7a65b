"""How much counts vary from one block of time to the next, beyond what independent rows would.

Both estimates are heuristics: they tell of the variation that the training data happen to have, at the scale of their blocks.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from otel_ml.drift.fitting.timeline import MAX_BLOCKS

LEAST_BLOCKS: Final = 10
"""Fewer blocks tell nothing: counts are taken as those of independent rows then."""

_LEAST_ROWS: Final = 50
"""A block of fewer values is left out."""

_LEAST_EXPECTED: Final = 1.0
"""Bins with fewer values a block are counted as one, since chi-square means nothing for them."""


class Variation(NamedTuple):
    """What blocks of time tell.

    Attributes:
        overdispersion: phi, at least 1: by how much counts vary more than those of independent rows.
        distance: total variation between a block and the whole, beyond noise; exceeded by 5% of the blocks.
        blocks: how many were compared.
    """

    overdispersion: float = 1.0
    distance: float = 0.0
    blocks: int = 0


def together(parts: list[Variation]) -> Variation:
    """The variation of a column whose values are of several types: overdispersion on average, the largest distance."""
    parts = [part for part in parts if part.blocks >= LEAST_BLOCKS]
    if not parts:
        return Variation()
    blocks = sum(part.blocks for part in parts)
    phi = sum(part.overdispersion * part.blocks for part in parts) / blocks
    return Variation(round(phi, 3), max(part.distance for part in parts), blocks)


class Blocks:
    """Counts of one variable by block of time, over provisional bins.

    Args:
        bins: of the variable, the provisional ones.
    """

    def __init__(self, bins: int) -> None:
        self.counts = np.zeros((MAX_BLOCKS, bins), dtype=np.int64)

    def add(self, slots: np.ndarray | int, bins: np.ndarray) -> None:
        """Counts values.

        Args:
            slots: the block of each value, negative for none; or the one of all of them.
            bins: the provisional bin of each, of the same shape.
        """
        width = self.counts.shape[1]
        if not isinstance(slots, np.ndarray):
            self.counts[slots] += np.bincount(bins, minlength=width)
            return
        if len(slots) and slots.min() < 0:
            bins, slots = bins[slots >= 0], slots[slots >= 0]
        self.counts += np.bincount(slots * width + bins, minlength=self.counts.size).reshape(self.counts.shape)

    def regroup(self, places: np.ndarray) -> None:
        """Joins blocks: block i becomes part of block `places[i]`, or is forgotten where that is negative."""
        before, self.counts = self.counts, np.zeros_like(self.counts)
        self._add(before, places)

    def merge(self, other: Blocks, places: np.ndarray, shares: np.ndarray) -> None:
        """Adds blocks of another part of the data.

        Args:
            other: those.
            places: of each of them, negative for one to forget.
            shares: how its bins are spread over these ones, shape (its bins, bins).
        """
        sums = np.rint(np.cumsum(other.counts @ shares, axis=1))  # so that there are as many as before
        self._add(np.diff(sums, prepend=0.0, axis=1).astype(np.int64), places)

    def _add(self, counts: np.ndarray, places: np.ndarray) -> None:
        kept = np.flatnonzero(places >= 0)
        np.add.at(self.counts, places[kept], counts[kept])


def variation(counts: np.ndarray, follows: np.ndarray, fraction: float = 1.0) -> Variation:
    """Estimates the variation from counts by block.

    Overdispersion compares each block with the next one only, so that it tells of rows that resemble their
    neighbours, and not of what changes slowly: X^2 over its degrees of freedom, 1 unless that is significant. What
    changes slowly is in the distance to the whole, from which the noise of a block of that size is taken off.

    Args:
        counts: values by block and bin, int64 of shape (blocks, bins), in order of time.
        follows: bool of shape (blocks,), whether the block comes right after the one before it.
        fraction: share of all rows that were counted; among fewer rows neighbours resemble each other less.

    >>> rng = np.random.default_rng(1)
    >>> independent = rng.multinomial(1000, [0.25] * 4, size=60)
    >>> variation(independent, np.ones(60, dtype=bool))
    Variation(overdispersion=1.0, distance=0.0, blocks=60)
    """
    used = counts.sum(axis=1) >= _LEAST_ROWS
    follows = follows & np.append(False, used[:-1])
    counts, follows = counts[used], follows[used]
    if len(counts) < LEAST_BLOCKS:
        return Variation(blocks=len(counts))
    counts = _without_rare(counts)
    rows = counts.sum(axis=1)
    shares = counts.sum(axis=0) / rows.sum()
    phi = _overdispersion(counts, rows, shares, follows)
    distance = _distance(counts, rows, shares, phi)
    return Variation(round(1 + (phi - 1) / fraction, 3), round(distance, 4), len(counts))


def _without_rare(counts: np.ndarray) -> np.ndarray:
    rare = counts.mean(axis=0) < _LEAST_EXPECTED
    joint = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    return joint[:, joint.sum(axis=0) > 0]


def _overdispersion(counts: np.ndarray, rows: np.ndarray, shares: np.ndarray, follows: np.ndarray) -> float:
    later = np.flatnonzero(follows)
    freedom = len(later) * (len(shares) - 1)
    if not freedom:
        return 1.0
    parts = counts / rows[:, None]
    noise = shares * (1 / rows[later] + 1 / rows[later - 1])[:, None]
    phi = float((np.square(parts[later] - parts[later - 1]) / noise).sum()) / freedom
    return phi if _significant(phi, freedom / 2) else 1.0  # neighbours share a block: half as much is to be learnt


def _distance(counts: np.ndarray, rows: np.ndarray, shares: np.ndarray, phi: float) -> float:
    expected = shares * rows[:, None]
    freedom = (len(rows) - 1) * (len(shares) - 1)
    if not freedom or not _significant(float((np.square(counts - expected) / expected).sum()) / freedom / phi, freedom):
        return 0.0
    distances = np.abs(counts / rows[:, None] - shares).sum(axis=1) / 2
    # What lies within 95% of a sum of half-normal deviations: E|Z| = sigma sqrt(2 / pi), Var|Z| = sigma^2 (1 - 2 / pi).
    spread = np.sqrt(shares * (1 - shares))
    mean = spread.sum() * math.sqrt(2 / math.pi) / 2
    deviation = math.sqrt(float(np.square(spread).sum()) * (1 - 2 / math.pi)) / 2
    noise = (mean + 1.645 * deviation) * np.sqrt(phi / rows)
    beyond = np.sqrt(np.maximum(0.0, np.square(distances) - np.square(noise)))
    return float(min(1.0, np.quantile(beyond, 0.95)))


def _significant(ratio: float, freedom: float) -> bool:
    """Whether chi-square over its degrees of freedom is three standard deviations above its mean of 1."""
    return ratio > 1 + 3 * math.sqrt(2 / freedom)

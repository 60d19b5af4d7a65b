"""Traffic that does not drift, or begins to: count matrices drawn straight from the laws that they follow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.fitting.blocks import variation
from otel_ml.drift.variables import Constraints, Variable

BINS: Final = 20
TRAINING_BLOCKS: Final = 64
LEAST_BLOCK: Final = 128
"""Rows of the training data that make a block, at least."""

MOVE: Final = 0.1
"""Standard deviation of the law of an hour, in sigma, where traffic is in blocks."""

MEMORY: Final = 0.8
"""Correlation of an hour with the next."""

HOUR: Final = 60
"""Steps for which traffic in blocks stays the same."""

ALIKE: Final = 5
"""Rows in a burst."""

NULL_RATES: Final = (0.0, 0.001, 0.02, 0.3)
"""Of the features of mixed kinds, in turn."""

Shares = np.ndarray


@dataclass(frozen=True)
class Population:
    """What rows are drawn from.

    Attributes:
        variables: as the baseline has them.
        shares: of the bins, shape (features, bins), 0 in padding.
        rare: probabilities of the reserved columns, shape (features, 5).
    """

    variables: tuple[Variable, ...]
    shares: Shares
    rare: np.ndarray

    @property
    def reference(self) -> np.ndarray:
        """Counts of the baseline."""
        return layout.reference(self.variables)


def population(kinds: str, features: int, rows: int, traffic: str, rng: np.random.Generator) -> Population:
    """Draw a baseline of so many rows.

    Args:
        kinds: numeric, ties (numeric with heavy atoms), categorical, or mixed: all of them, with nulls.
        features: how many.
        rows: of the training data.
        traffic: of the training data as well: steady, bursts or blocks.
        rng: to draw from.
    """
    order = ("numeric", "ties", "categorical") if kinds == "mixed" else (kinds,)
    made = [
        _feature(order[index % len(order)], index, kinds == "mixed", rows, traffic, rng) for index in range(features)
    ]
    shares = np.zeros((features, max(len(one) for _, one, _ in made)))
    for row, (_, one, _) in zip(shares, made, strict=True):
        row[: len(one)] = one
    return Population(tuple(variable for variable, _, _ in made), shares, np.array([rare for _, _, rare in made]))


def _feature(
    kind: str, index: int, nulls: bool, rows: int, traffic: str, rng: np.random.Generator
) -> tuple[Variable, np.ndarray, np.ndarray]:
    name, rare = f"feature_{index}", np.zeros(layout.FIRST)
    rare[layout.NULL] = NULL_RATES[index % len(NULL_RATES)] if nulls else 0.0
    missing = int(rng.binomial(rows, rare[layout.NULL]))
    values = rows - missing
    if kind == "categorical":
        shares = 1 / np.arange(1.0, 13 + index % 8)
        shares /= shares.sum()
        rare[layout.UNSEEN] = 0.0005
    elif kind == "ties":
        shares = np.array([0.45, *[0.4 / 8] * 8, *[0.15 / 6] * 6])
    else:
        shares = np.full(BINS, 1 / BINS)
    counts, phi, distance = _training(shares, values, traffic, rng)
    if kind == "numeric" and traffic == "steady":
        # Edges are quantiles of the training data: counts are equal, and what is random is the mass between the edges.
        counts = np.full(BINS, values // BINS)
        shares = rng.dirichlet(counts)
    if kind != "categorical":
        rare[layout.RANGE] = 2 / rows
    named = kind == "categorical"
    variable = Variable(
        name,
        kind="categorical" if named else "numeric",
        rows=int(counts.sum()) + missing,
        nulls=missing,
        edges=() if named else tuple(map(float, range(len(shares) - 1))),
        categories=tuple(f"c{place}" for place in range(len(shares) - 1)) if named else (),
        counts=tuple(counts.tolist()),
        overdispersion=phi,
        block_distance=distance,
        constraints=Constraints() if named else Constraints(minimum=-1.0, maximum=float(len(shares))),
    )
    return variable, shares, rare


def _training(shares: np.ndarray, rows: int, traffic: str, rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """Counts of the training data, and what its time blocks tell."""
    if traffic == "steady":
        return rng.multinomial(rows, shares), 1.0, 0.0
    blocks = min(TRAINING_BLOCKS, rows // LEAST_BLOCK)
    laws = np.broadcast_to(shares, (blocks, len(shares)))
    if traffic == "blocks":
        wander = Wander(shares[None], rng)
        laws = np.concatenate([next(wander) for _ in range(blocks)])
    alike = ALIKE if traffic == "bursts" else 1
    counts = alike * rng.multinomial(rows // blocks // alike, laws)
    found = variation(counts, np.ones(blocks, dtype=bool))
    return counts.sum(axis=0), found.overdispersion, found.distance


class Wander:
    """Laws that change from hour to hour: each variable goes a little up and down its bins, and comes back.

    Args:
        shares: of the bins on average, shape (features, bins).
        rng: to draw from.
    """

    def __init__(self, shares: np.ndarray, rng: np.random.Generator) -> None:
        self._shares, self._rng = shares, rng
        self._at = rng.normal(size=(len(shares), 1))

    def __next__(self) -> np.ndarray:
        """Shares of the next hour, as of `shares`."""
        fresh = self._rng.normal(size=self._at.shape)
        self._at = MEMORY * self._at + np.sqrt(1 - MEMORY**2) * fresh
        return tilted(self._shares, MOVE * self._at * np.linspace(-1.7, 1.7, self._shares.shape[-1]))


def at_the_edge(source: Population, tolerance: float) -> Population:
    """The same, but for laws that have moved from the baseline by just as much as does not matter: the worst case."""
    baseline = source.reference[:, layout.FIRST :]
    shares = baseline / baseline.sum(axis=-1, keepdims=True)
    bins = np.linspace(-1.7, 1.7, shares.shape[-1])
    low, high = np.zeros((len(shares), 1)), np.ones((len(shares), 1))
    for _ in range(40):
        middle = (low + high) / 2
        inside = 0.5 * np.abs(tilted(shares, middle * bins) - shares).sum(axis=-1, keepdims=True) <= tolerance
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return replace(source, shares=tilted(shares, low * bins))


def tilted(shares: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """Shares times the exponential of something."""
    result = shares * np.exp(exponent)
    return np.asarray(result / result.sum(axis=-1, keepdims=True))


def steps(
    source: Population,
    rows: int,
    traffic: str,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Count matrices of one step after another, without end.

    Args:
        source: what rows are drawn from.
        rows: in a step.
        traffic: steady; bursts, in which `ALIKE` rows are the same; or blocks, of an hour, each of which has a law of its own.
        rng: to draw from.
    """
    shape = len(source.variables), layout.width(source.variables)
    alike = ALIKE if traffic == "bursts" else 1
    wander, shares = Wander(source.shares, rng), source.shares
    for step in itertools.count():
        if traffic == "blocks" and step % HOUR == 0:
            shares = next(wander)
        counts = np.zeros(shape, dtype=np.int64)
        rare = rng.binomial(rows // alike, source.rare) * alike
        counts[:, : layout.FIRST] = rare
        counts[:, layout.FIRST :] = rng.multinomial((rows - rare[:, layout.NULL]) // alike, shares) * alike
        yield counts

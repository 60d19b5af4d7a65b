"""Rows before and after a drift, by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

Columns = dict[str, np.ndarray]
Source = Callable[[np.random.Generator, int, int], Columns]
"""Draws the columns of so many features and rows."""


@dataclass(frozen=True)
class Drift:
    """What changes.

    Attributes:
        name: in words.
        before: draws training data and traffic.
        after: draws traffic when it has drifted.
        joint: whether no feature has changed by itself, so that any alarm counts as finding it.
    """

    name: str
    before: Source
    after: Source
    joint: bool = False


def normal(mean: float = 0.0, scale: float = 1.0) -> Source:
    """Independent normal features."""

    def draw(rng: np.random.Generator, features: int, rows: int) -> Columns:
        return _named(mean + scale * rng.standard_normal((features, rows)))

    return draw


def with_nulls(share: float) -> Source:
    """Normal features with nulls."""

    def draw(rng: np.random.Generator, features: int, rows: int) -> Columns:
        values = rng.standard_normal((features, rows))
        values[rng.random((features, rows)) < share] = np.nan
        return _named(values)

    return draw


def categories(new: float = 0.0) -> Source:
    """Features of eight categories, and a share of one that the training data did not have."""
    shares = 1 / np.arange(1.0, 9.0)
    names = np.array([*"abcdefgh", "new"], dtype=object)

    def draw(rng: np.random.Generator, features: int, rows: int) -> Columns:
        law = np.append(shares / shares.sum() * (1 - new), new)
        return _named(names[rng.choice(9, size=(features, rows), p=law)])

    return draw


def pairs(swapped: bool) -> Source:
    """Pairs of features with means that differ by half a sigma, and perhaps the columns mixed up."""

    def draw(rng: np.random.Generator, features: int, rows: int) -> Columns:
        second = np.arange(features) % 2 == 1
        return _named(rng.standard_normal((features, rows)) + 0.5 * (second != swapped)[:, None])

    return draw


def correlated(correlation: float) -> Source:
    """Pairs of standard normal features."""

    def draw(rng: np.random.Generator, features: int, rows: int) -> Columns:
        values = rng.standard_normal((features, rows))
        values[1::2] = correlation * values[::2] + np.sqrt(1 - correlation**2) * values[1::2]
        return _named(values)

    return draw


def _named(values: np.ndarray) -> Columns:
    return {f"feature_{index}": column for index, column in enumerate(values)}


DRIFTS: Final = (
    *(Drift(f"mean + {size:g} sigma", normal(), normal(size)) for size in (0.1, 0.2, 0.3, 0.5, 1.0)),
    *(Drift(f"scale x {scale:g}", normal(), normal(scale=scale)) for scale in (0.8, 1.2, 1.5)),
    Drift("nulls, 0.1% to 1%", with_nulls(0.001), with_nulls(0.01)),
    Drift("new category, 1%", categories(), categories(0.01)),
    Drift("two columns swapped", pairs(False), pairs(True)),
    Drift("correlation .8 to -.8", correlated(0.8), correlated(-0.8), joint=True),
)

"""What windows are compared with, and how far from it a window may be before it matters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.detection.tolerance import LEAST_RARE, NOISE_LEVEL, noise_quantile, share_bounds
from otel_ml.drift.settings import MIN_REFERENCE_ROWS, Settings
from otel_ml.drift.variables import Variable

SMOOTHING: Final = 0.5
"""Added to every bin of a reference, so that none is impossible."""

BLOCK_MARGIN: Final = 2.0
"""Times the distance that 95% of the training data's blocks keep, live ones may go beyond that. Like the numbers below
it was set on simulated traffic, that of ``benchmarks/drift``: nothing says that it is the best for any other."""

MOST_MARGIN: Final = 0.15
"""But no more: what is off by a lot goes up and down with the hour or the weekday, as far in one week as in another."""

MOST_ALIKE: Final = 5.0
"""Rare events that come together count as so many fewer at most: a column that is gone is to be found in minutes, even
one whose values stay the same for an hour, as the weather does."""

BLOCK_NOISE: Final = 0.05
"""A few dozen blocks can take that much of variation for noise."""

MOST_FEATURES: Final = 0.75
"""Share of the features that have to vary for the others to be taken as if they did: half of a model's may be the weather,
and the others are as still as they look."""


def block_allowance(distances: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """How far live blocks may go, by how far the training data's did.

    All variables have the same blocks. So where nearly all of them vary, one that seems not to was likely missed.

    Args:
        distances: by variable, as total variation.
        votes: which of them tell what is usual: features of the data, as what is made of them varies with any of them.

    >>> block_allowance(np.array([0.0, 0.06, 0.06, 0.5]), np.array([True, True, True, True])).round(2).tolist()
    [0.15, 0.18, 0.18, 0.65]
    >>> block_allowance(np.array([0.0, 0.06, 0.06, 0.5]), np.array([True, True, True, False])).round(2).tolist()
    [0.0, 0.18, 0.18, 0.65]
    """
    voting = distances[votes]
    usual = np.median(voting) if len(voting) and (voting > 0).mean() >= MOST_FEATURES else 0.0
    likely = np.maximum(distances, np.minimum(usual, distances + BLOCK_NOISE))
    return np.asarray(likely + np.minimum(BLOCK_MARGIN * likely, MOST_MARGIN))


class Known:
    """What of the variables and settings all references have in common, as arrays."""

    def __init__(self, variables: Sequence[Variable], settings: Settings, streams: int) -> None:
        self.bins = layout.bins(variables)[:, layout.FIRST :]
        self.overdispersion = np.array([max(variable.overdispersion, 1.0) for variable in variables])
        self.alike = np.minimum(self.overdispersion, MOST_ALIKE)
        blocks = np.array([variable.block_distance for variable in variables])
        allowed = np.zeros(len(blocks))
        binned = self.bins.any(-1)
        votes = np.array(
            [variable.subject == "feature" and variable.derivation is None for variable in variables], bool
        )
        allowed[binned] = block_allowance(blocks[binned], votes[binned])
        self.moving = settings.reference != "baseline"
        # Two blocks differ from each other by more than a block from the whole.
        spread = allowed * (np.sqrt(2.0) if self.moving else 1.0)
        self.tolerance = np.minimum(np.maximum(settings.tolerance, spread), 0.999)
        # A fixed reference is drawn once. One that moves is drawn at each step, so its noise is a cause of false alarms.
        self.level = min(NOISE_LEVEL, settings.budget / streams) if self.moving else NOISE_LEVEL
        # By Good and Turing the next value is a new one as often as training values occurred once; this is an upper bound.
        self.once = np.array([len(variable.known or ()) + variable.counts.count(1) for variable in variables])


class Reference:
    """Counts to compare with, prepared.

    Attributes:
        shares: of the bins, smoothed, shape (R, p, B), R being 1 or the number of look-backs.
        values: independent rows in the bins, shape (R, p).
        enough: whether there are rows enough for an alarm, shape (R, p).
        rare: shares of the rare events among all rows, shape (R, p, 5).
        rare_enough: as `enough`, where nulls count.
    """

    def __init__(self, counts: np.ndarray, known: Known) -> None:
        self._known = known
        bins = counts[..., layout.FIRST :] * known.bins
        filled = bins.sum(-1)
        smoothed = bins + SMOOTHING * known.bins
        self.shares = smoothed / np.maximum(smoothed.sum(-1, keepdims=True), SMOOTHING)
        self.enough = (filled >= MIN_REFERENCE_ROWS) & (known.bins.sum(-1) > 1)
        self.values = np.maximum(filled / known.overdispersion, 1.0)
        all_rows = layout.rows_of(counts)
        self.rare_enough = all_rows >= MIN_REFERENCE_ROWS
        hits = counts[..., : layout.FIRST].copy()
        if not known.moving:
            hits[..., layout.UNSEEN] = np.maximum(hits[..., layout.UNSEEN], known.once)
        self._hits = hits / known.alike[:, None]
        self._rows = np.maximum(all_rows / known.alike, 1.0)
        self.rare = np.minimum(self._hits / self._rows[..., None], 1.0)

    def tolerance(self, which: np.ndarray, variable: np.ndarray) -> np.ndarray:
        """Radius of the ball, in total variation, of chosen references and variables (index arrays of one shape)."""
        if self._known.moving:
            return self._radius(which, variable)
        return np.asarray(self._table[which, variable])

    def limits(self, which: np.ndarray, variable: np.ndarray, cause: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Upper and lower limit of a rare event's share; a lower limit of 0 where less of it does not matter."""
        if self._known.moving:
            return self._limits(which, variable, cause)
        upper, lower = self._limit_table
        return upper[which, variable, cause], lower[which, variable, cause]

    @cached_property
    def _table(self) -> np.ndarray:
        which, variable = np.indices(self.enough.shape)
        return self._radius(which, variable)

    @cached_property
    def _limit_table(self) -> tuple[np.ndarray, np.ndarray]:
        which, variable, cause = np.indices(self.rare.shape)
        return self._limits(which, variable, cause)

    def _radius(self, which: np.ndarray, variable: np.ndarray) -> np.ndarray:
        noise = noise_quantile(self.shares[which, variable], self.values[which, variable], self._known.level)
        return np.asarray(np.minimum(np.maximum(self._known.tolerance[variable], noise), 0.999))

    def _limits(self, which: np.ndarray, variable: np.ndarray, cause: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share, tolerance = self.rare[which, variable, cause], self._known.tolerance[variable]
        low, high = share_bounds(self._hits[which, variable, cause], self._rows[which, variable], self._known.level)
        # Twice as often does not matter where the event is rare; where it is not, the tolerance of any other bin holds.
        upper = np.minimum(np.maximum(2 * share, share + LEAST_RARE), share + np.maximum(tolerance, LEAST_RARE))
        lower = np.where(cause == layout.NULL, np.minimum(low, share - tolerance), 0.0)
        return np.minimum(np.maximum(upper, high), 1.0), np.maximum(lower, 0.0)

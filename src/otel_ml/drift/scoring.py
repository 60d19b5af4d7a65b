"""Scores of all variables of a baseline, with what each would read if nothing drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.statistics.distances import distances, null_rate
from otel_ml.drift.statistics.noise import Noise, min_rows, null_rate_noise
from otel_ml.drift.variables import Variable


@dataclass(frozen=True, slots=True)
class Scores:
    """Of all variables.

    Attributes:
        values: scores by statistic, each of shape (variables,); NaN where one does not apply or there are too few rows.
        noise: what each would read with no drift, at this number of rows; NaN where it does not apply.
        rows: of the window by variable, nulls included, shape (variables,).
        needed: values that are not null, from which on there are scores, shape (variables,).
    """

    values: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]
    rows: np.ndarray
    needed: np.ndarray


class Scorer:
    """Scores windows against one reference.

    Args:
        variables: of the baseline.
        reference: counts in its layout, shape (variables, width).
    """

    def __init__(self, variables: Sequence[Variable], reference: np.ndarray) -> None:
        mask = layout.bins(variables)[:, layout.FIRST :]
        centers = np.zeros(mask.shape)
        for row, variable in zip(centers, variables, strict=True):
            row[: len(variable.centers)] = variable.centers
        ordered = np.array([variable.ordered for variable in variables], dtype=bool)
        std = np.array([np.nan if variable.std is None else variable.std for variable in variables])
        self._bins = reference[:, layout.FIRST :]
        self._nulls, self._rows = reference[:, layout.NULL], layout.rows_of(reference)
        self._distances = partial(distances, mask=mask, ordered=ordered, centers=centers, std=std)
        self._noise = Noise(self._bins, mask=mask, ordered=ordered, centers=centers, std=std)
        self._overdispersion = np.array([variable.overdispersion for variable in variables])
        self._needed = values_needed(variables, reference)
        self._needed_for_nulls = min_rows(np.maximum(self._rows, 1), 2)

    def scores(self, window: np.ndarray) -> Scores:
        """Scores counts in the baseline's layout, shape (variables, width)."""
        bins, nulls, rows = window[:, layout.FIRST :], window[:, layout.NULL], layout.rows_of(window)
        values = bins.sum(-1)
        found = self._distances(bins, self._bins)
        found = {name: np.where(values >= self._needed, score, np.nan) for name, score in found.items()}
        change = null_rate(nulls, rows, self._nulls, self._rows)
        found["null_rate"] = np.where(rows >= self._needed_for_nulls, change, np.nan)
        # Rows that come in blocks tell less than as many that do not.
        noise = self._noise.at(values / self._overdispersion, self._bins.sum(-1))
        ratio = self._nulls / np.maximum(self._rows, 1)
        noise["null_rate"] = null_rate_noise(rows / self._overdispersion, self._rows, ratio)
        return Scores(found, noise, rows, self._needed)


def values_needed(variables: Sequence[Variable], reference: np.ndarray) -> np.ndarray:
    """Values that a window needs for scores, float64 of shape (variables,); infinity where the reference is too small."""
    # A variable of one bin has nothing to score; of masked ones, nulls alone.
    bins = np.array([max(len(variable.counts), 2) for variable in variables], dtype=np.int64)
    return min_rows(np.maximum(reference[:, layout.FIRST :].sum(-1), 1), bins)


def suffices(window: np.ndarray, needed: np.ndarray) -> bool:
    """Whether a window has the rows that scores of every variable need, as far as any number of rows would do."""
    within_reach = needed[np.isfinite(needed)]
    return bool(layout.rows_of(window).max(initial=0) >= within_reach.max(initial=0))

"""Classic fixed limits, such as a PSI of 0.2, for those who have to report them. They promise no rate of false alarms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.detection import describe
from otel_ml.drift.detection.alarm import DISTRIBUTION, Alarm
from otel_ml.drift.detection.look import Look
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.detection.sums import Evidence
from otel_ml.drift.settings import Settings
from otel_ml.drift.statistics.distances import distances, null_rate
from otel_ml.drift.statistics.noise import min_rows
from otel_ml.drift.variables import Variable

NULL_RATE = "null_rate"


class LimitStreams:
    """One stream a variable: the statistics over the longest look-back, each over its limit. The "evidence" is their largest.

    Attributes:
        size: streams: one a variable.
        variables: index of the variable of each.
        applies: all of them.
        drifted: nothing has to be remembered.
    """

    def __init__(self, variables: Sequence[Variable], settings: Settings) -> None:
        self.size = len(variables)
        self.variables = np.arange(self.size)
        self.applies = np.ones(self.size, dtype=bool)
        self.drifted = np.zeros(self.size)
        self._limits = dict(settings.thresholds)
        self._mask = layout.bins(variables)[:, layout.FIRST :]
        self._ordered = np.array([variable.ordered for variable in variables], dtype=bool)
        self._centers = np.full(self._mask.shape, np.nan)
        for row, variable in zip(self._centers, variables, strict=True):
            row[: len(variable.centers)] = variable.centers
        self._std = np.array([np.nan if variable.std is None else variable.std for variable in variables])

    def evidence(self, look: Look, reference: Reference, known: Known, ages: np.ndarray, least: np.ndarray) -> Evidence:
        """Log of the largest ratio of a statistic to its limit, over as much of the longest look-back as there is."""
        at = look.longest(ages)
        ratios = np.full(self.size, -np.inf)
        for place in np.unique(at[at >= 0]).tolist():
            here = at == place
            found = self._ratios(look, place, known)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios[here] = np.log(np.fmax.reduce(list(found.values())))[here]
        return Evidence(np.where(np.isnan(ratios), -np.inf, ratios), np.maximum(at, 0))

    def remember(self, streams: np.ndarray, at: np.ndarray, look: Look, known: Known, kept: np.ndarray) -> None:
        """Nothing: the limit is the same whatever was seen."""

    def calm(self, streams: np.ndarray, ages: np.ndarray, look: Look, reference: Reference, known: Known) -> np.ndarray:
        """An alarm ends as soon as it is no longer confirmed."""
        return np.zeros(len(streams))

    def alarm(self, stream: int, at: int, look: Look, reference: Reference, known: Known, *, detected: bool) -> Alarm:
        """What to say of one variable: the statistic that is the farthest beyond its limit."""
        ratios = {name: float(ratio[stream]) for name, ratio in self._ratios(look, at, known).items()}
        method = max(ratios, key=lambda name: -np.inf if np.isnan(ratios[name]) else ratios[name])
        counts = look.counts[at, stream, layout.FIRST :]
        which = at if len(reference.shares) > 1 else 0
        shares = reference.shares[which, stream]
        independent = counts / known.overdispersion[stream]
        return Alarm(
            detected=detected,
            variable=stream,
            cause="null" if method == NULL_RATE else DISTRIBUTION,
            method=method,
            score=ratios[method] * self._limits[method],
            rows=int(layout.rows_of(look.counts[at])[stream]),
            look_back=int(look.look_backs[at]),
            effect=describe.effect(independent, shares, float(reference.values[which, stream])),
            direction=describe.direction(counts, shares, bool(self._ordered[stream])),
            moved=(layout.NULL,) if method == NULL_RATE else describe.moved(counts, shares),
        )

    def _ratios(self, look: Look, at: int, known: Known) -> dict[str, np.ndarray]:
        """Each statistic over its limit, shape (p,); NaN where it does not apply or there are too few rows."""
        now, then = look.counts[at], look.reference[at if len(look.reference) > 1 else 0]
        scores = distances(
            now[:, layout.FIRST :],
            then[:, layout.FIRST :],
            mask=self._mask,
            ordered=self._ordered,
            centers=self._centers,
            std=self._std,
        )
        total, reference_total = layout.rows_of(now), layout.rows_of(then)
        scores["null_rate"] = null_rate(now[:, layout.NULL], total, then[:, layout.NULL], reference_total)
        enough = total >= min_rows(reference_total, np.maximum(self._mask.sum(-1), 2))
        return {name: np.where(enough, np.abs(scores[name]) / limit, np.nan) for name, limit in self._limits.items()}

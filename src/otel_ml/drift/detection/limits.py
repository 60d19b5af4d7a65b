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
    """Statistics over the longest look-back, each over its limit. The "evidence" of a stream is the largest of its own.

    What is of the values and what is of nulls are streams apart, since they are alarms apart: one of them may begin while
    the other one lasts.

    Args:
        variables: of the baseline.
        settings: the limits.

    Attributes:
        size: streams: one a variable for all limits of values, and one for that of nulls, as far as there are any.
        variables: index of the variable of each.
        applies: all of them.
        drifted: nothing has to be remembered.
    """

    def __init__(self, variables: Sequence[Variable], settings: Settings) -> None:
        kinds = (
            tuple(name for name in settings.thresholds if name != NULL_RATE),
            tuple(name for name in settings.thresholds if name == NULL_RATE),
        )
        self._kinds = tuple(kind for kind in kinds if kind)
        self.size = len(variables) * len(self._kinds)
        self.variables = np.tile(np.arange(len(variables)), len(self._kinds))
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
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.log(self._largest(look, ages))
        return Evidence(np.where(np.isnan(ratios), -np.inf, ratios), np.maximum(look.longest(ages), 0))

    def remember(self, streams: np.ndarray, at: np.ndarray, look: Look, known: Known, kept: np.ndarray) -> None:
        """Nothing: the limit is the same whatever was seen."""

    def calm(self, streams: np.ndarray, ages: np.ndarray, look: Look, reference: Reference, known: Known) -> np.ndarray:
        """An alarm ends as soon as it is no longer confirmed by rows that would be enough for that."""
        every = np.zeros(self.size, dtype=np.int64)
        every[streams] = ages
        return np.where(np.isnan(self._largest(look, every)[streams]), -np.inf, 0.0)

    def comparable(self, look: Look, reference: Reference) -> np.ndarray:
        """Which have a reference that some number of rows can be compared with."""
        return np.asarray(np.isfinite(self._needed(look.reference)).any(0)[self.variables])

    def alarm(self, stream: int, at: int, look: Look, reference: Reference, known: Known, *, detected: bool) -> Alarm:
        """What to say of one stream: the statistic that is the farthest beyond its limit."""
        kind, variable = divmod(stream, len(self._mask))
        found = self._ratios(look, at)
        ratios = {name: float(found[name][variable]) for name in self._kinds[kind]}
        method = max(ratios, key=lambda name: -np.inf if np.isnan(ratios[name]) else ratios[name])
        counts = look.counts[at, variable, layout.FIRST :]
        which = at if len(reference.shares) > 1 else 0
        shares = reference.shares[which, variable]
        independent = counts / known.overdispersion[variable]
        return Alarm(
            detected=detected,
            variable=variable,
            cause="null" if method == NULL_RATE else DISTRIBUTION,
            method=method,
            score=ratios[method] * self._limits[method],
            rows=int(layout.rows_of(look.counts[at])[variable]),
            look_back=int(look.look_backs[at]),
            effect=describe.effect(independent, shares, float(reference.values[which, variable])),
            direction=describe.direction(counts, shares, bool(self._ordered[variable])),
            moved=(layout.NULL,) if method == NULL_RATE else describe.moved(counts, shares),
        )

    def _largest(self, look: Look, ages: np.ndarray) -> np.ndarray:
        """The largest ratio of each stream, shape (streams,); NaN where there is none."""
        at = look.longest(ages)
        largest = np.full(self.size, np.nan)
        for place in np.unique(at[at >= 0]).tolist():
            found = self._ratios(look, place)
            each = [np.fmax.reduce([found[name] for name in kind]) for kind in self._kinds]
            largest = np.where(at == place, np.concatenate(each), largest)
        return largest

    def _ratios(self, look: Look, at: int) -> dict[str, np.ndarray]:
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
        enough = total >= self._needed(then)
        return {name: np.where(enough, np.abs(scores[name]) / limit, np.nan) for name, limit in self._limits.items()}

    def _needed(self, reference: np.ndarray) -> np.ndarray:
        """Rows that a window needs to be compared with these counts; infinite where nothing can be."""
        return min_rows(layout.rows_of(reference), np.maximum(self._mask.sum(-1), 2))

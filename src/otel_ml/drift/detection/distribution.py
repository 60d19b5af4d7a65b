"""A stream of evidence for each variable: is its distribution another one than the reference's?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.detection import describe
from otel_ml.drift.detection.alarm import DISTRIBUTION, METHOD, Alarm
from otel_ml.drift.detection.ball import closest
from otel_ml.drift.detection.evidence import (
    evidence_bound,
    log_evidence,
    log_marginal,
    log_mean,
    prior_of,
    quick_bound,
)
from otel_ml.drift.detection.look import Look
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.detection.sums import Evidence, negligible, summed
from otel_ml.drift.detection.tilts import tilt_weights
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Variable

LEAST_CONCENTRATION: Final = 1.0
"""Of the prior of what a drift looks like: hardly any, so that what is known of it is not drawn to the reference."""


class DistributionStreams:
    """Evidence about the bins, nulls and type errors left out.

    Attributes:
        size: streams: one a variable.
        variables: index of the variable of each.
        applies: which of them can have evidence at all.
        drifted: counts of the drifts that alarms are about, shape (p, B).
    """

    def __init__(self, variables: Sequence[Variable], settings: Settings) -> None:
        self.size = len(variables)
        self.variables = np.arange(self.size)
        bins = layout.bins(variables)[:, layout.FIRST :]
        self.applies = (bins.sum(-1) > 1) & np.array([not one.advancing for one in variables], dtype=bool)
        self._concentration = settings.concentration
        self._splits = max(settings.look_back.bit_length() - 1, 1)
        self._ordered = np.array([variable.ordered for variable in variables], dtype=bool)
        self._weights: dict[int, np.ndarray] = {}
        self._weights_of: Reference | None = None
        self.drifted = np.zeros(bins.shape)

    def evidence(self, look: Look, reference: Reference, known: Known, ages: np.ndarray, least: np.ndarray) -> Evidence:
        """Sums over the look-backs.

        Args:
            look: the window.
            reference: what it is compared with.
            known: of the variables.
            ages: steps that a stream may look back on, shape (p,).
            least: thresholds, shape (p,). What cannot get there is left out.
        """
        counts = look.counts[..., layout.FIRST :] / known.overdispersion[:, None]
        floor = least - negligible(len(look.look_backs))
        open_ = (look.look_backs[:, None] <= ages) & reference.enough & self.applies
        bound = quick_bound(counts, reference.shares, known.tolerance)
        logs = np.full(bound.shape, -np.inf)
        at, variable = np.nonzero(open_ & (bound > floor))
        if not len(at):
            return summed(logs)
        which = at if len(reference.shares) > 1 else np.zeros_like(at)
        radius = reference.tolerance(which, variable)
        kept = evidence_bound(counts[at, variable], reference.shares[which, variable], radius) > floor[variable]
        at, variable, which, radius = at[kept], variable[kept], which[kept], radius[kept]
        for ordered in (False, True):
            chosen = self._ordered[variable] == ordered
            if chosen.any():
                cells = at[chosen], variable[chosen], which[chosen]
                logs[cells[:2]] = self._log_evidence(look, counts, reference, ages, cells, radius[chosen], ordered)
        return summed(logs)

    def _log_evidence(
        self,
        look: Look,
        counts: np.ndarray,
        reference: Reference,
        ages: np.ndarray,
        cells: tuple[np.ndarray, np.ndarray, np.ndarray],
        radius: np.ndarray,
        ordered: bool,
    ) -> np.ndarray:
        at, variable, which = cells
        now = counts[at, variable]
        double = look.longest(2 * look.look_backs)[at]
        usable = (look.look_backs[double] == 2 * look.look_backs[at]) & (2 * look.look_backs[at] <= ages[variable])
        earlier = np.where(usable[:, None], counts[double, variable] - now, 0.0)
        return log_evidence(
            now,
            reference.shares[which, variable],
            radius,
            self._concentration,
            earlier=earlier,
            splits=self._splits,
            weights=self._tilts(reference, variable, which, radius) if ordered else None,
        )

    def _tilts(self, reference: Reference, variable: np.ndarray, which: np.ndarray, radius: np.ndarray) -> np.ndarray:
        if len(reference.shares) > 1:
            return tilt_weights(reference.shares[which, variable], radius)
        if self._weights_of is not reference:
            self._weights, self._weights_of = {}, reference
        found, first = np.unique(variable, return_index=True)
        new = [place for one, place in zip(found.tolist(), first.tolist(), strict=True) if one not in self._weights]
        if new:
            made = tilt_weights(reference.shares[0, variable[new]], radius[new])
            self._weights.update(zip(variable[new].tolist(), made, strict=True))
        return np.stack([self._weights[one] for one in variable.tolist()])

    def remember(self, streams: np.ndarray, at: np.ndarray, look: Look, known: Known, kept: np.ndarray) -> None:
        """Add what streams in alarm look like, over the look-backs at which their evidence was largest."""
        counts = look.counts[at, streams, layout.FIRST :] / known.overdispersion[streams, None]
        self.drifted[streams] = kept[:, None] * self.drifted[streams] + counts

    def calm(self, streams: np.ndarray, ages: np.ndarray, look: Look, reference: Reference, known: Known) -> np.ndarray:
        """Log evidence that what was remembered is over, since what does not matter explains the last steps much better.

        What does not matter is the reference itself, or what is closest to the drift in the ball. Of a drift that goes on
        one knows no more than what was seen of it: the likelihood of further rows is the mean over all laws that this
        leaves open. Infinite where the reference has come to be what was remembered.
        """
        at, place = np.nonzero((look.look_backs[:, None] <= ages) & reference.enough[:, streams])
        result = np.full((len(look.look_backs), len(streams)), -np.inf)
        variable = streams[place]
        which = at if len(reference.shares) > 1 else np.zeros_like(at)
        radius, shares = reference.tolerance(which, variable), reference.shares[which, variable]
        posterior = self.drifted[variable] + prior_of(shares, LEAST_CONCENTRATION)
        drifted = posterior / posterior.sum(-1, keepdims=True)
        nearest = closest(drifted, shares, radius)
        counts = look.counts[at, variable, layout.FIRST :] / known.overdispersion[variable, None]
        over = [(counts * np.log(np.where(law > 0, law, 1.0))).sum(-1) for law in (shares, nearest)]
        result[at, place] = log_mean(np.stack(over, axis=-1)) - log_marginal(counts, posterior)
        same = 0.5 * np.abs(drifted - shares).sum(-1) <= radius
        result[at[same], place[same]] = np.inf
        return summed(result).log

    def comparable(self, look: Look, reference: Reference) -> np.ndarray:
        """Which have a reference with rows enough, over any look-back."""
        return np.asarray(reference.enough.any(0))

    def alarm(self, stream: int, at: int, look: Look, reference: Reference, known: Known, *, detected: bool) -> Alarm:
        """What to say of one variable."""
        which = at if len(reference.shares) > 1 else 0
        counts = look.counts[at, stream, layout.FIRST :]
        shares = reference.shares[which, stream]
        certain = float(reference.values[which, stream])
        return Alarm(
            detected=detected,
            variable=stream,
            cause=DISTRIBUTION,
            method=METHOD,
            score=describe.distance(counts, shares),
            rows=int(counts.sum()),
            look_back=int(look.look_backs[at]),
            effect=describe.effect(counts / known.overdispersion[stream], shares, certain),
            direction=describe.direction(counts, shares, bool(self._ordered[stream])),
            moved=describe.moved(counts, shares),
        )

"""A stream of evidence for each variable and rare event: nulls, errors of type and range, values never seen, infinities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.detection import describe
from otel_ml.drift.detection.alarm import METHOD, Alarm
from otel_ml.drift.detection.evidence import LEAST_PRIOR, log_marginal
from otel_ml.drift.detection.look import Look
from otel_ml.drift.detection.rare import log_evidence_rare
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.detection.sums import Evidence, summed
from otel_ml.drift.detection.tolerance import LEAST_RARE
from otel_ml.drift.variables import Variable

CAUSES: Final = tuple(sorted(layout.RARE, key=layout.RARE.__getitem__))
"""Names of the rare events, in the order of their columns."""


class EventStreams:
    """Evidence that a rare event has become more frequent; for nulls, that they have become much less so, too.

    Stream ``5 * i + k`` is event k of variable i.

    Args:
        variables: of the baseline.
        nulls: False where a fixed limit decides about them.

    Attributes:
        size: streams: five a variable.
        variables: index of the variable of each.
        applies: which of them can have evidence at all.
        drifted: hits and rows of the drifts that alarms are about, shape (5 p, 2).
    """

    def __init__(self, variables: Sequence[Variable], *, nulls: bool = True) -> None:
        self.size = len(CAUSES) * len(variables)
        self.variables, self._cause = np.divmod(np.arange(self.size), len(CAUSES))
        self.applies = np.array([able for variable in variables for able in _possible(variable)], dtype=bool)
        self.applies &= nulls | (self._cause != layout.NULL)
        self.drifted = np.zeros((self.size, 2))

    def evidence(self, look: Look, reference: Reference, known: Known, ages: np.ndarray, least: np.ndarray) -> Evidence:
        """Sums over the look-backs. Arguments as `DistributionStreams.evidence`."""
        hits, total = self._counted(look, known)
        observed = hits / np.maximum(total, 1e-300)
        share = reference.rare.reshape(-1, self.size)
        fewer = observed < np.where(self._cause == layout.NULL, share - known.tolerance[self.variables], 0.0)
        open_ = (look.look_backs[:, None] <= ages) & self.applies & reference.rare_enough[:, self.variables]
        logs = np.full(hits.shape, -np.inf)
        at, stream = np.nonzero(open_ & ((observed > share + LEAST_RARE) | fewer) & (total > 0))
        if not len(at):
            return summed(logs)
        which = at if len(share) > 1 else np.zeros_like(at)
        upper, lower = reference.limits(which, self.variables[stream], self._cause[stream])
        beyond = (observed[at, stream] > upper) | (observed[at, stream] < lower)
        at, stream, upper, lower = at[beyond], stream[beyond], upper[beyond], lower[beyond]
        logs[at, stream] = log_evidence_rare(hits[at, stream], total[at, stream], upper, lower)
        return summed(logs)

    def remember(self, streams: np.ndarray, at: np.ndarray, look: Look, known: Known, kept: np.ndarray) -> None:
        """As `DistributionStreams.remember`."""
        counted = np.stack([found[at, streams] for found in self._counted(look, known)], axis=-1)
        self.drifted[streams] = kept[:, None] * self.drifted[streams] + counted

    def calm(self, streams: np.ndarray, ages: np.ndarray, look: Look, reference: Reference, known: Known) -> np.ndarray:
        """As `DistributionStreams.calm`."""
        at, place = np.nonzero((look.look_backs[:, None] <= ages) & reference.rare_enough[:, self.variables[streams]])
        stream = streams[place]
        which = at if len(reference.shares) > 1 else np.zeros_like(at)
        upper, lower = reference.limits(which, self.variables[stream], self._cause[stream])
        hits, total = self.drifted[stream].T
        posterior = np.stack([hits, total - hits], axis=-1) + LEAST_PRIOR
        drifted = posterior[:, 0] / posterior.sum(-1)
        limit = np.where(drifted > upper, upper, lower)
        hits, total = (found[at, stream] for found in self._counted(look, known))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = hits * np.log(limit) + (total - hits) * np.log(1 - limit)
        logs -= log_marginal(np.stack([hits, total - hits], axis=-1), posterior)
        result = np.full((len(look.look_backs), len(streams)), -np.inf)
        result[at, place] = np.where((lower <= drifted) & (drifted <= upper), np.inf, logs)
        return summed(result).log

    def comparable(self, look: Look, reference: Reference) -> np.ndarray:
        """As `DistributionStreams.comparable`."""
        return np.asarray(reference.rare_enough[:, self.variables].any(0))

    def alarm(self, stream: int, at: int, look: Look, reference: Reference, known: Known, *, detected: bool) -> Alarm:
        """What to say of one event."""
        which = at if len(reference.shares) > 1 else 0
        hits, total = (float(found[at, stream]) for found in self._counted(look, known))
        share = float(reference.rare.reshape(-1, self.size)[which, stream])
        observed = hits / total if total else 0.0
        cause = int(self._cause[stream])
        more, less = ("more_null", "less_null") if cause == layout.NULL else ("up", "down")
        return Alarm(
            detected=detected,
            variable=int(self.variables[stream]),
            cause=CAUSES[cause],
            method=METHOD,
            score=observed,
            rows=round(total * known.alike[self.variables[stream]]),
            look_back=int(look.look_backs[at]),
            effect=describe.event_effect(hits, total, share) if total else 0.0,
            direction=more if observed > share else less,
            moved=(cause,),
        )

    def _counted(self, look: Look, known: Known) -> tuple[np.ndarray, np.ndarray]:
        hits = look.counts[..., : layout.FIRST] / known.alike[:, None]
        total = layout.rows_of(look.counts) / known.alike
        return hits.reshape(len(hits), -1), np.repeat(total, len(CAUSES), axis=-1)


def _possible(variable: Variable) -> tuple[bool, ...]:
    """Which events a variable can have, by column. What is derived from others leaves these to them."""
    expected = variable.constraints
    is_limited = expected.minimum is not None or expected.maximum is not None or expected.non_negative
    original = variable.derivation is None and variable.subject != "multivariate"  # an output has a source of its own
    visible = original and variable.kind != "masked"
    named = visible and not variable.ordered
    can = {
        "null": original,
        "type": visible,
        "range": visible and (is_limited or expected.type == "integer"),
        "unseen": named and (variable.known is not None or expected.allowed is not None),
        "non_finite": visible and variable.kind == "numeric",
    }
    return tuple(can[cause] for cause in CAUSES)

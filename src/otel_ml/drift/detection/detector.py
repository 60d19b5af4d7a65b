"""The alarm of a model: which of its variables drift, with a bound on how often it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.detection.distribution import DistributionStreams
from otel_ml.drift.detection.events import EventStreams
from otel_ml.drift.detection.limits import NULL_RATE, LimitStreams
from otel_ml.drift.detection.look import Look
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.detection.watch import Streams, Watch
from otel_ml.drift.layout import rows_of
from otel_ml.drift.report import Moment
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Variable

CONFIRM_LEVEL: Final = 0.001
"""How often a step confirms an alarm that is over, at most. There is no price for many variables: this one is known."""

END_LEVEL: Final = 0.1
"""Chance ends an alarm whose drift goes on so much more rarely than the budget has it raise one: that makes two events."""

STAY: Final = 0.8
"""A fixed limit that was passed keeps its alarm up until the statistic is below this share of it."""


class Detector:
    """Raises and ends alarms, step by step.

    The evidence of every variable has to be so strong that all of them together raise ``settings.budget`` false alarms a
    step at most: the sum of its e-values has to pass the number of streams over the budget.

    Fixed limits decide about distributions where there are any. Rare events keep their streams: a statistic of the values
    that are there says nothing of a column that has none any more.

    Args:
        variables: of the baseline.
        settings: the budget, the tolerance, what a window is compared with; fixed limits.

    Attributes:
        streams: streams of evidence that share the budget: one a variable, and one for each rare event that it can have.

    >>> from otel_ml.drift.settings import Settings
    >>> from otel_ml.drift.variables import Variable
    >>> age = Variable("age", rows=20_000, counts=(10_000, 10_000), edges=(40.0,))
    >>> detector = Detector((age,), Settings())
    >>> window = np.array([[0, 0, 0, 0, 0, 650, 350]])
    >>> reference = np.array([[0, 0, 0, 0, 0, 10_000, 10_000]])
    >>> [(alarm.cause, alarm.direction) for alarm in detector.step({1: window}, reference, Moment(0, 1000))]
    [('distribution', 'down')]
    """

    def __init__(self, variables: Sequence[Variable], settings: Settings | None = None) -> None:
        settings = settings or Settings()
        families: dict[str, Streams] = (
            {} if settings.thresholds else {"distribution": DistributionStreams(variables, settings)}
        )
        families["events"] = EventStreams(variables, nulls=NULL_RATE not in settings.thresholds)
        self.streams = int(sum(family.applies.sum() for family in families.values()))
        raise_at = float(np.log(max(self.streams, 1) / settings.budget))
        confirm_at = min(-float(np.log(CONFIRM_LEVEL)), raise_at)
        end_at = max(confirm_at, -float(np.log(END_LEVEL * settings.budget)))
        self._watches = {
            name: Watch(family, raise_at, confirm_at, end_at, settings.look_back) for name, family in families.items()
        }
        if settings.thresholds:
            limits = LimitStreams(variables, settings)
            self._watches["limits"] = Watch(limits, 0.0, float(np.log(STAY)), -np.inf, settings.look_back, anew=False)
        self._known = Known(variables, settings, max(self.streams, 1))
        self._reference: tuple[np.ndarray, Reference] | None = None

    @property
    def standing(self) -> tuple[tuple[Alarm, Moment], ...]:
        """Alarms that were raised and have not ended, with the moment of that, the largest effect first."""
        found = [alarm for watch in self._watches.values() for alarm in watch.standing.values()]
        return tuple(sorted(found, key=lambda one: -one[0].effect))

    @property
    def confirmed(self) -> tuple[Alarm, ...]:
        """Alarms that stood before the last step and that it has confirmed, as they look now."""
        return tuple(alarm for watch in self._watches.values() for alarm in watch.confirmed)

    def step(
        self,
        sums: Mapping[int, np.ndarray],
        reference: np.ndarray | Mapping[int, np.ndarray],
        moment: Moment,
        *,
        opened: bool = True,
    ) -> list[Alarm]:
        """Look at one more step.

        Args:
            sums: counts over the last 1, 2, 4, … steps up to this one, by look-back, each of shape (variables, width) in
                the baseline's layout. Sums that reach behind the first step are left alone.
            reference: counts to compare with, or by look-back, of the same shape.
            moment: when the step was.
            opened: False where it counts as part of the step before it, as there were few rows in that: the sums end with
                it, but begin where they began then.

        Returns:
            Alarms that were raised or have ended.
        """
        if not sums or not len(self._known.bins):
            return []
        look = Look.of(sums, reference)
        prepared = self._prepared(look.reference)
        any_rows = rows_of(look.counts[0]) > 0
        alarms = []
        for watch in self._watches.values():
            rows = any_rows[watch.streams.variables]
            alarms += watch.step(look, prepared, self._known, moment, rows, opened=opened)
        return alarms

    def tolerance(self, reference: np.ndarray) -> np.ndarray:
        """How far a distribution may be from the reference: as far as was set, or as far as the reference itself is unsure.

        Args:
            reference: counts to compare with, shape (variables, width).

        Returns:
            Total variation, shape (variables,); NaN where there is no alarm about the distribution, or a fixed limit.
        """
        watch = self._watches.get("distribution")
        if watch is None or not len(reference):
            return np.full(len(reference), np.nan)
        prepared = self._prepared(reference[None])
        variables = np.arange(len(reference))
        radius = prepared.tolerance(np.zeros_like(variables), variables)
        return np.where(prepared.enough[0] & watch.streams.applies, radius, np.nan)

    def _prepared(self, counts: np.ndarray) -> Reference:
        """The baseline stays the same for ever: what follows from it is computed once."""
        if self._reference is None or not np.array_equal(self._reference[0], counts):
            self._reference = counts.copy(), Reference(counts, self._known)
        return self._reference[1]

    def state(self) -> dict[str, Any]:
        """All that it has to know of the past, as arrays and plain data; `restore` goes on from it exactly."""
        return {name: watch.state() for name, watch in self._watches.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of a detector of the same variables and settings.

        Raises:
            ValueError: it is of another one.
        """
        if set(state) != set(self._watches):
            raise ValueError("this state is of a detector of other variables or settings")
        for name, watch in self._watches.items():
            watch.restore(state[name])

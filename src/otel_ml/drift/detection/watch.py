"""When an alarm begins, what keeps it up, and when it ends."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final, Protocol

import numpy as np

from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.detection.look import Look
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.detection.sums import Evidence
from otel_ml.drift.report import Moment

CALM_STEPS: Final = 5
"""An alarm stays for as many steps with rows at least after it was last confirmed, so that it does not flicker."""

KEPT: Final = 0.9
"""Of what was seen of a drift, so much counts when it is confirmed: what is known of it grows, and yet follows it."""


class Streams(Protocol):
    """Streams of evidence of one kind. Index arrays choose streams, and look-backs by their place in the look.

    Attributes:
        size: how many.
        variables: index of the variable that each is about.
        applies: which of them can have evidence at all.
        drifted: counts of the drift that an alarm is about, by stream.
    """

    size: int
    variables: np.ndarray
    applies: np.ndarray
    drifted: np.ndarray

    def evidence(self, look: Look, reference: Reference, known: Known, ages: np.ndarray, least: np.ndarray) -> Evidence:
        """Evidence of drift, of all streams."""

    def remember(self, streams: np.ndarray, at: np.ndarray, look: Look, known: Known, kept: np.ndarray) -> None:
        """Add what the drift of these streams looks like to `drifted`, of which a share is kept."""

    def calm(self, streams: np.ndarray, ages: np.ndarray, look: Look, reference: Reference, known: Known) -> np.ndarray:
        """Evidence that the drift that was remembered is over."""

    def comparable(self, look: Look, reference: Reference) -> np.ndarray:
        """Which streams have enough to be compared with, whatever was seen of late; shape (streams,)."""

    def alarm(self, stream: int, at: int, look: Look, reference: Reference, known: Known, *, detected: bool) -> Alarm:
        """What to say of one stream."""


class Watch:
    """The alarms of some streams.

    An alarm is raised when the evidence reaches a threshold. From then on two sums start anew, which only look back to
    there: evidence of drift, which confirms the alarm at a lower threshold and starts both sums anew, and evidence that
    what was seen is over, which ends it. So an alarm about a weak drift ends as slowly as it came, and one about a
    strong drift as quickly. What is neither confirmed nor refuted stays, since a drift does not end by itself, be it that
    hardly any rows come; only where there is nothing to compare with any more one has to give up.

    Args:
        streams: to watch.
        raise_at: log of the evidence at which an alarm is raised.
        confirm_at: at which it is confirmed.
        end_at: log of the evidence of calm at which it is ended.
        patience: steps in succession with nothing to compare with after which it is ended. Steps count as the sums have
            them: where rows are few, those that share a place are one.
        anew: whether sums start anew at an alarm; they do after it in any case.

    Attributes:
        raised: which streams are in alarm.
        standing: by stream, the alarm as it was confirmed last, and when it was raised.
        confirmed: alarms that the last step has confirmed.
    """

    def __init__(
        self, streams: Streams, raise_at: float, confirm_at: float, end_at: float, patience: int, *, anew: bool = True
    ) -> None:
        self.streams = streams
        self._raise_at, self._confirm_at, self._end_at = raise_at, confirm_at, end_at
        self._patience, self._anew = patience, anew
        self.raised = np.zeros(streams.size, dtype=bool)
        self._age = np.zeros(streams.size, dtype=np.int64)
        self._quiet = np.zeros(streams.size, dtype=np.int64)
        self._alone = np.zeros(streams.size, dtype=np.int64)
        self.standing: dict[int, tuple[Alarm, Moment]] = {}
        self.confirmed: list[Alarm] = []

    def step(
        self, look: Look, reference: Reference, known: Known, moment: Moment, rows: np.ndarray, *, opened: bool = True
    ) -> list[Alarm]:
        """Look at one more step.

        Args:
            look: sums up to it.
            reference: what they are compared with.
            known: what is known of the variables.
            moment: when it was.
            rows: whether a stream had rows in it, shape (streams,).
            opened: False where it counts as part of the step before.
        """
        self._age += opened
        self._quiet += rows
        if self.raised.any():
            self._alone = np.where(self.streams.comparable(look, reference), 0, self._alone + (rows & opened))
        least = np.where(self.raised, self._confirm_at, self._raise_at)
        found = self.streams.evidence(look, reference, known, self._age, least)
        over = np.flatnonzero(found.log > least)
        alarms: list[Alarm] = []
        self.confirmed = []
        for stream in over.tolist():
            alarm = self.streams.alarm(stream, int(found.at[stream]), look, reference, known, detected=True)
            (self.confirmed if self.raised[stream] else alarms).append(alarm)
            _, begun = self.standing.get(stream, (alarm, moment))
            self.standing[stream] = alarm, begun
        if len(over):
            self.streams.remember(over, found.at[over], look, known, np.where(self.raised[over], KEPT, 0.0))
        self.raised[over] = True
        self._quiet[over] = self._alone[over] = 0
        if self._anew:
            self._age[over] = 0
        ended = self._ended(look, reference, known)
        for stream in ended.tolist():
            at = max(int(look.longest(self._age[stream])), 0)
            now = self.streams.alarm(stream, at, look, reference, known, detected=False)
            last, _ = self.standing.pop(stream)
            known_now = replace(now, direction=last.direction, moved=last.moved)
            alarms.append(replace(last, detected=False) if np.isnan(now.score) else known_now)
        self.raised[ended] = False
        self._age[ended] = 0
        return alarms

    def _ended(self, look: Look, reference: Reference, known: Known) -> np.ndarray:
        asked = np.flatnonzero(self.raised & (self._quiet >= CALM_STEPS))
        if not len(asked):
            return asked
        calm = self.streams.calm(asked, self._age[asked], look, reference, known)
        return asked[(calm > self._end_at) | (self._alone[asked] >= self._patience)]

    def state(self) -> dict[str, Any]:
        """All that it has to know of the past, as arrays and plain data."""
        return {
            "raised": self.raised.copy(),
            "age": self._age.copy(),
            "quiet": self._quiet.copy(),
            "alone": self._alone.copy(),
            "drifted": self.streams.drifted.copy(),
            "standing": [
                {"stream": stream, "alarm": asdict(alarm), "moment": asdict(moment)}
                for stream, (alarm, moment) in self.standing.items()
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state.

        Raises:
            ValueError: it is of other streams.
        """
        arrays = {name: value for name, value in self.state().items() if name != "standing"}
        if any(np.asarray(state.get(name)).shape != value.shape for name, value in arrays.items()):
            raise ValueError("this state is of a detector of other variables or settings")
        self.raised = np.array(state["raised"], dtype=bool)
        self._age = np.array(state["age"], dtype=np.int64)
        self._quiet = np.array(state["quiet"], dtype=np.int64)
        self._alone = np.array(state["alone"], dtype=np.int64)
        self.streams.drifted = np.array(state["drifted"], dtype=np.float64)
        self.standing = {
            one["stream"]: (Alarm(**{**one["alarm"], "moved": tuple(one["alarm"]["moved"])}), Moment(**one["moment"]))
            for one in state["standing"]
        }

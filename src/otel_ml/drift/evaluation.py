"""Complete steps looked at for drift: what they are compared with, and what has changed since the last look."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.alarms import Alarms, change_of
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.references import reference_of, windows_of
from otel_ml.drift.scoring import Scorer, suffices, values_needed

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.detection.alarm import Alarm
    from otel_ml.drift.intake import Intake
    from otel_ml.drift.report import Change, Moment
    from otel_ml.drift.settings import Settings
    from otel_ml.drift.stream import Stream

MAX_CHANGES: Final = 4_096
"""Changes kept until somebody asks for them; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The window that scores are of.

    Attributes:
        window: its counts, shape (variables, width).
        reference: counts that it is compared with, of the same shape.
        scorer: against these; None where they move, so that there is one for each.
        since: its beginning, where it is longer than the last step, which had too few rows.
        enough: whether it has the rows that scores need.
    """

    window: np.ndarray
    reference: np.ndarray
    scorer: Scorer | None
    since: Moment | None = None
    enough: bool = True


class Evaluation:
    """Looks at the complete steps of a stream.

    Args:
        baseline: of the model.
        settings: of the alarm.
        stream: whose steps they are.

    Attributes:
        alarms: that are on, and that ever were.
    """

    def __init__(self, baseline: Baseline, settings: Settings, stream: Stream) -> None:
        self._baseline = baseline
        self._settings = settings
        self._stream = stream
        self._own = layout.reference(baseline.variables)
        self._scorer = Scorer(baseline.variables, self._own) if settings.reference == "baseline" else None
        self._needed = values_needed(baseline.variables, self._own) if self._scorer else None
        self._detector = Detector(baseline.variables, settings)
        self._changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        mixed = baseline.projections.features if baseline.projections else ()
        self.alarms = Alarms(baseline.variables, mixed)

    def look(self, moment: Moment, intake: Intake) -> None:
        """Looks at the step that was just completed.

        Args:
            moment: of the step.
            intake: has the rows of the last steps, for examples.
        """
        stream = self._stream
        intake.complete(stream.newest)
        if not stream.grown:
            return
        sums = windows_of(self._settings, stream.ring, stream.present)
        reference = self._reference(sums)

        def examples(alarm: Alarm) -> tuple[str, ...]:
            own = reference[alarm.look_back] if isinstance(reference, dict) else reference
            first = stream.began(alarm.look_back)[0]
            return intake.examples(alarm, sums[alarm.look_back], own, first, stream.newest)

        changes = []
        for alarm in self._detector.step(sums, reference, moment, opened=stream.opened):
            ids = examples(alarm) if alarm.detected else ()
            changes.append(self.alarms.take(alarm, moment, stream.began(alarm.look_back)[1], ids))
        self._changes.extend(self.alarms.told(changes, moment.step))
        for alarm in self._detector.confirmed:
            self.alarms.confirm(alarm, partial(examples, alarm))

    def scored(self, *, cut_short: bool = False) -> Scored:
        """Returns the window that scores are of: the last step, or as many as it takes for them to mean anything.

        Args:
            cut_short: take the step before the last one, as that has not come to its end.
        """
        stream = self._stream
        step = stream.before_last if cut_short else stream.last if stream.last is not None else stream.live()
        window = np.zeros(stream.ring.shape, dtype=np.int64) if step is None else step.copy()
        found = self._against(window, 1, before=int(cut_short and stream.opened))
        if found.enough:
            return found
        for length, total in windows_of(self._settings, stream.ring, stream.present).items():
            found = self._against(total, length, since=stream.began(length)[1])
            if found.enough:
                break
        return found

    def _against(self, window: np.ndarray, length: int, before: int = 0, since: Moment | None = None) -> Scored:
        """A window of so many places, and what it is compared with."""
        found = self._reference([length], before)
        counts = found[length] if isinstance(found, dict) else found
        needed = values_needed(self._baseline.variables, counts) if self._needed is None else self._needed
        return Scored(window, counts, self._scorer, since, suffices(window, needed))

    def widest(self) -> np.ndarray:
        """Returns what the alarm compares with: of the look-back for which that has the most rows."""
        found = self._reference(1 << power for power in range(self._settings.look_back.bit_length()))
        return found if isinstance(found, np.ndarray) else max(found.values(), key=lambda one: int(one.sum()))

    def tolerance(self, reference: np.ndarray) -> np.ndarray:
        """Returns how far from that reference each variable may be, as `Detector.tolerance` does."""
        return self._detector.tolerance(reference)

    def take(self) -> list[Change]:
        """Returns what has changed since this was last called."""
        changes = list(self._changes)
        self._changes.clear()
        return changes

    def _reference(self, lengths: Iterable[int], before: int = 0) -> np.ndarray | dict[int, np.ndarray]:
        stream = self._stream
        return reference_of(self._settings, self._own, stream.ring, lengths, stream.present, before=before)

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {
            "detector": self._detector.state(),
            "alarms": self.alarms.state(),
            "changes": [asdict(change) for change in self._changes],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another one of the same baseline and settings was."""
        self._detector.restore(state["detector"])
        self.alarms.restore(state["alarms"])
        self._changes.extend(change_of(change) for change in state["changes"])

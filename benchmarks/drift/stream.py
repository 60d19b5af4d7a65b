"""A detector fed with count matrices, as a monitor feeds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.report import Moment

LOOK_BACKS: Final = (1, 2, 4, 8, 16, 32, 64)
WEEK: Final = 168
"""Hours."""


class Window:
    """Sums over the last steps, by look-back."""

    def __init__(self, shape: tuple[int, ...], memory: int) -> None:
        self._totals = np.zeros((memory + 1, *shape), dtype=np.int64)
        self._steps = 0

    def add(self, counts: np.ndarray) -> None:
        """Add a step."""
        size = len(self._totals)
        np.add(self._totals[self._steps % size], counts, out=self._totals[(self._steps + 1) % size])
        self._steps += 1

    def sum(self, first: int, last: int) -> np.ndarray:
        """Of steps that were so many steps ago; 1 is the newest. What was before the first step is nothing."""
        size, now = len(self._totals), self._steps
        return np.asarray(self._totals[max(now - last + 1, 0) % size] - self._totals[max(now - first, 0) % size])

    def sums(self) -> dict[int, np.ndarray]:
        """Over look-backs, as far as there are steps."""
        return {length: self.sum(length, 1) for length in LOOK_BACKS if length <= self._steps}

    def references(self, kind: str, lengths: Iterable[int]) -> Mapping[int, np.ndarray]:
        """What the last steps are compared with, by look-back: the steps before them, or the same ones a week earlier."""
        if kind == "previous":
            return {length: self.sum(length + LOOK_BACKS[-1], length + 1) for length in lengths}
        # Hours of which some are missing are other hours.
        whole = self._steps - WEEK
        return {length: self.sum(length + WEEK, WEEK + 1) * (length <= whole) for length in lengths}


def alarms(
    detectors: Iterable[Detector],
    steps: Iterator[np.ndarray],
    count: int,
    reference: np.ndarray,
    kind: str = "baseline",
) -> list[list[tuple[int, Alarm]]]:
    """Run detectors over the same steps.

    Returns:
        For each detector, alarms that were raised or ended, with the step, from 0.
    """
    watching = list(detectors)
    found: list[list[tuple[int, Alarm]]] = [[] for _ in watching]
    window = Window(reference.shape, WEEK + LOOK_BACKS[-1] if kind == "last_week" else 2 * LOOK_BACKS[-1])
    for step in range(count):
        window.add(next(steps))
        sums = window.sums()
        compared = reference if kind == "baseline" else window.references(kind, sums)
        for detector, mine in zip(watching, found, strict=True):
            mine += [(step, alarm) for alarm in detector.step(sums, compared, Moment(step, 0))]
    return found

"""What the last steps are compared with: the training data, the steps before them, or the same hours a week ago."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from otel_ml.drift.settings import Settings
from otel_ml.drift.stream import WEEK
from otel_ml.drift.windows import Ring, look_backs


def windows_of(settings: Settings, ring: Ring, present: int) -> dict[int, np.ndarray]:
    """Sums the last 1, 2, 4 … steps, of which the hours count that there were a week ago as well.

    An outage takes hours from one week and not from the other: what is left would be nights without their days.
    """
    return look_backs(ring, settings.look_back, present, beside=-WEEK if settings.reference == "last_week" else 0)


def reference_of(
    settings: Settings, baseline: np.ndarray, ring: Ring, lengths: Iterable[int], present: int, *, before: int = 0
) -> np.ndarray | dict[int, np.ndarray]:
    """Finds what to compare the last steps with, as counts, so that the noise of a small reference can be priced in.

    Args:
        settings: say which reference.
        baseline: counts of the training data, shape (variables, width).
        ring: the complete steps.
        lengths: numbers of steps that are looked back on.
        present: complete steps that there were.
        before: the last step is the one so many before the newest.

    Returns:
        Counts for all look-backs, or by look-back, int64 of the shape of a step; zeros where there is nothing yet.
    """
    if settings.reference == "baseline":
        return baseline
    newest = (ring.newest or 0) - before
    if settings.reference == "previous":
        return {length: ring.sum(newest - length - settings.look_back + 1, newest - length) for length in lengths}
    # Hours of which some are missing are other hours: nights without the days that belong to them.
    whole = present - before - WEEK
    return {
        length: ring.sum(newest - WEEK - length + 1, newest - WEEK, beside=WEEK) * (length <= whole)
        for length in lengths
    }

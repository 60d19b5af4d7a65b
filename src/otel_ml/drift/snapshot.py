"""What a monitor knew at one moment: copied, so that it can be told while counting goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.drift.alarms import Raised
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.evaluation import Scored
    from otel_ml.drift.report import Moment
    from otel_ml.drift.samples import Sample
    from otel_ml.drift.settings import Settings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a report is made of.

    Attributes:
        baseline: of the model.
        settings: of the monitor.
        scored: the window that is scored, and what it is compared with.
        widest: what the alarm compares with, of the look-back for which that has the most rows.
        tolerance: how far from that each variable may be, NaN where it has no alarm.
        legend: of the bins.
        totals: counts of the whole stream.
        rows: of the whole stream.
        steps: that are complete.
        cut_short: whether the window is not the last step, as that one was cut short.
        alarms: those to tell of.
        first: when each variable was first in alarm.
        sample: rows of the last steps.
        missing: features that no row had.
        extra: features that the baseline does not know.
        late: rows left out.
        undated: rows without a time that could be used.
    """

    baseline: Baseline
    settings: Settings
    scored: Scored
    widest: np.ndarray
    tolerance: np.ndarray
    legend: tuple[tuple[tuple[str, str], ...], ...]
    totals: np.ndarray
    rows: int
    steps: int
    cut_short: bool
    alarms: tuple[Raised, ...]
    first: Mapping[int, Moment]
    sample: Sample
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    late: int
    undated: int

"""What the detector says when an alarm begins or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DISTRIBUTION: Final = "distribution"
"""The cause of an alarm about where values lie; the others are rare events."""

METHOD: Final = "e_detector"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of one variable that was raised or has ended.

    Attributes:
        detected: True when it was raised, False when it ended.
        variable: index of the variable.
        cause: ``distribution``, or the name of a rare event.
        method: ``e_detector``, or the statistic of a fixed threshold.
        score: total variation of the window from the reference, or the share of rows with the event, or the statistic.
        rows: rows of that window.
        look_back: steps in it: the drift began about so many steps ago, or ended.
        effect: how far from the reference the window's source is at least, beyond sampling noise, as a total variation.
        direction: up, down, wider, narrower, more_null, less_null, or mixed. At the end of an alarm, as when it was
            confirmed last.
        moved: columns of the layout that moved most, the largest first; at the end as when it was confirmed last.
    """

    detected: bool
    variable: int
    cause: str
    method: str
    score: float
    rows: int
    look_back: int
    effect: float
    direction: str
    moved: tuple[int, ...]

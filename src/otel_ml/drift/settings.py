"""What can be set about windows and the alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Final, Literal

SECONDS_PER_WEEK: Final = 604_800.0

STEPS_PER_WEEK: Final = 10_080
"""Steps that count as a week where rows drive them: a week of minutes."""

MIN_REFERENCE_ROWS: Final = 2_000
"""A smaller reference gives scores and no alarm: its own noise alone would alarm."""

AHEAD_LIMIT: Final = 86_400.0
"""Seconds that whoever tells a time may be ahead of our clock, or in another time zone; a time beyond is none."""

Reference = Literal["baseline", "previous", "last_week"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a monitor looks at a stream.

    Attributes:
        window: seconds of event time in a sub-window, the step at which the alarm looks.
        rows_per_step: rows in a step instead, for a file without time. A week counts as `STEPS_PER_WEEK` of them then.
        lateness: seconds that a row may be behind the newest one; a later row is counted as late, and left out.
        look_back: sub-windows that the alarm can look back on: a power of two.
        tolerance: total variation (0 to 1) up to which a shift does not matter.
        false_alarms_per_week: how many the whole model may raise on average when nothing drifts.
        alpha: instead, the false alarms per step for the whole model.
        replicas: processes or machines that each run a monitor of this model and share the budget.
        reference: what a window is compared with.
        thresholds: classic fixed limits by score, such as ``{"psi": 0.2}``; they replace the alarm on distributions.
        concentration: of the prior of the alternative (kappa).

    Raises:
        ValueError: a value is out of its range.
    """

    window: float = 60.0
    rows_per_step: int | None = None
    lateness: float = 5.0
    look_back: int = 64
    tolerance: float = 0.05
    false_alarms_per_week: float = 1.0
    alpha: float | None = None
    replicas: int = 1
    reference: Reference = "baseline"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    concentration: float = 100.0

    def __post_init__(self) -> None:
        for name in ("window", "lateness", "tolerance", "false_alarms_per_week", "alpha", "concentration"):
            value = getattr(self, name)
            if not isinstance(value, Real) and not (value is None and name == "alpha"):
                raise ValueError(f"{name} must be a number, not {value!r}; windows and lateness are in seconds")
        for name in ("rows_per_step", "look_back", "replicas"):
            value = getattr(self, name)
            if not isinstance(value, Integral) and not (value is None and name == "rows_per_step"):
                raise ValueError(f"{name} must be a whole number, not {value!r}")
        for name, value in (("window", self.window), ("false_alarms_per_week", self.false_alarms_per_week)):
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} must be a number above 0, not {value!r}")
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance is a total variation, from 0 to below 1, not {self.tolerance!r}")
        if self.alpha is not None and not 0 < self.alpha <= 1:
            raise ValueError(f"alpha must be above 0 and at most 1, not {self.alpha!r}")
        if self.look_back < 1 or self.look_back & (self.look_back - 1):
            raise ValueError(f"look_back must be a power of two, not {self.look_back!r}")
        if self.replicas < 1:
            raise ValueError(f"replicas must be at least 1, not {self.replicas!r}")
        if self.rows_per_step is not None and self.rows_per_step < 1:
            raise ValueError(f"rows_per_step must be at least 1, not {self.rows_per_step!r}")
        if self.lateness < 0:
            raise ValueError(f"lateness must be at least 0 seconds, not {self.lateness!r}")
        if self.reference not in ("baseline", "previous", "last_week"):
            raise ValueError(f"reference must be baseline, previous or last_week, not {self.reference!r}")

    @property
    def budget(self) -> float:
        """False alarms per step for this monitor, over all its variables.

        >>> round(1 / Settings().budget)  # one a week of minutes
        10080
        """
        if self.alpha is not None:
            return self.alpha / self.replicas
        steps = STEPS_PER_WEEK if self.rows_per_step is not None else SECONDS_PER_WEEK / self.step
        return min(1.0, self.false_alarms_per_week / steps / self.replicas)

    @property
    def step(self) -> float:
        """Seconds between two looks: a sub-window, but an hour where last week's same hour is the reference."""
        return 3_600.0 if self.reference == "last_week" else self.window

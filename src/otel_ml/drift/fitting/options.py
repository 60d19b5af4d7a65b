"""What a fit was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, get_args

from otel_ml.drift.errors import BaselineError
from otel_ml.drift.variables import Kind

if TYPE_CHECKING:
    from otel_ml.drift.fitting.treatment import Treatment

MAX_BINS: Final = 40
"""Wanted ones: frequent values may double them, and a bin's index has two digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As `Baseline.fit` describes them.

    Raises:
        BaselineError: a kind is none that is known, the bins are too many or too few, or a column has two roles.
    """

    target: str | None = None
    prediction: str | None = None
    score: str | None = None
    probabilities: tuple[str, ...] = ()
    time: str | None = None
    ordered: bool = False
    exclude: frozenset[str] = frozenset()
    bins: int = 20
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    model: str | None = None
    version: str | None = None
    treatment: Treatment | None = None
    projections: bool = True

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= MAX_BINS:
            raise BaselineError(f"bins must be from 2 to {MAX_BINS}, not {self.bins!r}")
        for name, kind in self.kinds.items():
            if kind not in get_args(Kind):
                raise BaselineError(f"the kind of {name!r} is {kind!r}; known are {', '.join(get_args(Kind))}")
        roles = [role for role in (self.target, self.prediction, self.score, self.time) if role is not None]
        if len(set(roles)) != len(roles):
            raise BaselineError("target, prediction, score and time must be different columns")

    @property
    def in_time(self) -> bool:
        """Whether it is known which rows are of the same time."""
        return self.time is not None or self.ordered

    @property
    def named(self) -> list[str]:
        """Every column that was named."""
        roles = (self.target, self.prediction, self.score, self.time)
        return [*(role for role in roles if role is not None), *self.probabilities, *sorted(self.exclude), *self.kinds]

    @property
    def no_features(self) -> frozenset[str]:
        """Columns that are no features."""
        roles = (self.target, self.prediction, self.score, self.time)
        return self.exclude.union((role for role in roles if role is not None), self.probabilities)

"""Small baselines made by hand, and rows that fit them."""

from __future__ import annotations

import numpy as np

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.variables import Constraints, Kind, Subject, Variable

ROWS = 20_000
"""Of a baseline."""


def numeric(
    name: str, bins: int = 10, *, subject: Subject = "feature", constraints: Constraints | None = None
) -> Variable:
    """A variable that is uniform from 0 to 1."""
    each = ROWS // bins
    return Variable(
        name,
        subject=subject,
        rows=bins * each,
        edges=tuple((index + 1) / bins for index in range(bins - 1)),
        counts=(each,) * bins,
        centers=tuple((index + 0.5) / bins for index in range(bins)),
        mean=0.5,
        std=12**-0.5,
        minimum=0.0,
        maximum=1.0,
        constraints=constraints or Constraints(),
    )


def categorical(name: str, *categories: str, kind: Kind = "categorical") -> Variable:
    """A variable whose categories are as frequent as one another."""
    each = ROWS // len(categories)
    return Variable(
        name, kind=kind, rows=each * len(categories), categories=categories, counts=(each,) * len(categories) + (0,)
    )


def baseline(*variables: Variable, id: str = "0123456789ab") -> Baseline:
    return Baseline(id, ROWS, variables)


def uniform(rng: np.random.Generator, rows: int, *names: str) -> dict[str, np.ndarray]:
    """Rows like the training data."""
    return {name: rng.uniform(size=rows) for name in names}


class Wall:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 2e9) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

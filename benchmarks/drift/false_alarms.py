"""How many alarms there are when nothing drifts, by simulation, beside how many were promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from benchmarks.drift.stream import alarms
from benchmarks.drift.traffic import at_the_edge, population, steps
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.settings import Settings

FEATURES: Final = 100
STEPS: Final = 10_000
SEEDS: Final = (1, 2)
LOOSE: Final = 100.0
"""Alarms a week that a less strict detector may raise: it shows how far below the promise the truth is."""

BINS_FROM: Final = 10_000
"""Rows that the bins come from where the reference moves."""


@dataclass(frozen=True)
class Case:
    """What is simulated.

    Attributes:
        kinds: of features.
        traffic: steady, bursts, blocks, or edge: off the baseline by just as much as does not matter.
        reference: baseline, learned, previous or last_week.
        reference_rows: of the baseline, or of what was learned.
        rows: in a step.
    """

    kinds: str
    traffic: str
    reference: str
    reference_rows: int
    rows: int


@dataclass(frozen=True)
class Found:
    """Alarms of one run.

    Attributes:
        promised: at most, on average.
        raised: how many there were.
        loose_promised: where `LOOSE` were allowed a week.
        loose_raised: how many there were then.
    """

    promised: float
    raised: int
    loose_promised: float
    loose_raised: int


def grid() -> Iterator[Case]:
    """All cases."""
    for rows in (100, 1_000, 10_000):
        for baseline in (2_000, 100_000):
            for kinds in ("numeric", "ties", "categorical", "mixed"):
                yield Case(kinds, "steady", "baseline", baseline, rows)
            for kinds in ("numeric", "mixed"):
                yield Case(kinds, "bursts", "baseline", baseline, rows)
                yield Case(kinds, "blocks", "baseline", baseline, rows)
        for kinds in ("numeric", "mixed"):
            yield Case(kinds, "edge", "baseline", 100_000, rows)
        yield Case("mixed", "steady", "learned", 5_000, rows)
        yield Case("mixed", "steady", "previous", 0, rows)
        yield Case("mixed", "steady", "last_week", 0, rows)


def simulate(case: Case, seed: int, count: int = STEPS, features: int = FEATURES) -> Found:
    """Run one case, with `LOOSE` alarms a week first.

    Where that is silent, the default, which asks for a hundred times the evidence, is so, too, and need not be run.
    """
    loose, raised_loose = _raised(case, seed, count, features, LOOSE)
    strict, raised = _raised(case, seed, count if raised_loose else 0, features, 1.0)
    return Found(strict.budget * count, raised, loose.budget * count, raised_loose)


def _raised(case: Case, seed: int, count: int, features: int, weekly: float) -> tuple[Settings, int]:
    """A learned reference is a fixed one, of live rows, whose bins come from others."""
    rng = np.random.default_rng([seed, *case.kinds.encode(), case.rows, case.reference_rows])
    training = "steady" if case.traffic == "edge" else case.traffic
    source = population(case.kinds, features, case.reference_rows or BINS_FROM, training, rng)
    reference = source.reference
    if case.reference == "learned":
        reference = next(steps(source, case.reference_rows, case.traffic, rng))
    if case.traffic == "edge":
        source = at_the_edge(source, Settings().tolerance)
    moving = case.reference if case.reference in ("previous", "last_week") else "baseline"
    settings = _settings(case, moving, weekly)
    live = steps(source, case.rows, case.traffic, rng)
    (found,) = alarms([Detector(source.variables, settings)], live, count, reference, moving)
    return settings, sum(alarm.detected for _, alarm in found)


def _settings(case: Case, moving: str, weekly: float) -> Settings:
    if moving == "last_week":
        return Settings(reference="last_week", false_alarms_per_week=weekly)
    if moving == "previous":
        return Settings(reference="previous", rows_per_step=case.rows, false_alarms_per_week=weekly)
    return Settings(rows_per_step=case.rows, false_alarms_per_week=weekly)


def run(quick: bool) -> list[dict[str, Any]]:
    """All cases with all seeds, as plain data."""
    results = []
    for case in grid():
        for seed in SEEDS:
            found = simulate(case, seed, 200 if quick else STEPS)
            results.append({**asdict(case), "seed": seed, **asdict(found)})
    return results

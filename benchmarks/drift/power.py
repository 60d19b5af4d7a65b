"""How many steps it takes to find a drift, and how often one is found that is not there."""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np

from benchmarks.drift.contenders import Contender, OtelMl, contenders
from benchmarks.drift.drifts import DRIFTS, Drift

TRAINING_ROWS: Final = 10_000
CALM: Final = 20
"""Steps before the drift."""

LIMIT: Final = 100
"""Steps in which it has to be found."""

FEATURES: Final = 20
JOINT_RUNS: Final = 5
"""Where the features of a run count as one, there are more runs."""


def delays(contender: Contender, drift: Drift, rows: int, features: int, seed: int, limit: int) -> list[int | None]:
    """Steps from the beginning of a drift to the first alarm: 1 is the first step with it, None is never.

    Returns:
        One for each feature, or one for all of them where the drift is a joint one.
    """
    rng = np.random.default_rng(seed)
    contender.fit(drift.before(rng, features, TRAINING_ROWS), rows)
    for _ in range(CALM):
        contender.step(drift.before(rng, features, rows))
    names = [f"feature_{index}" for index in range(features)]
    found: dict[str, int] = {}
    for step in range(1, limit + 1):
        alarms = contender.step(drift.after(rng, features, rows))
        for name in ["any"] * bool(alarms) if drift.joint else alarms & set(names):
            found.setdefault(name, step)
        if len(found) == (1 if drift.joint else features):
            break
    return [found.get(name) for name in (["any"] if drift.joint else names)]


def false_alarms(contender: Contender, steps: int, seed: int) -> tuple[int, int]:
    """Alarms that were raised without any drift, and feature-steps in which they were."""
    rng = np.random.default_rng(seed)
    draw = DRIFTS[0].before
    contender.fit(draw(rng, FEATURES, TRAINING_ROWS), 1_000)
    before, raised = set[str](), 0
    for _ in range(steps):
        now = contender.step(draw(rng, FEATURES, 1_000))
        raised += len(now - before)
        before = now
    return raised, steps * FEATURES


def compared(quick: bool) -> list[dict[str, Any]]:
    """All contenders at 1,000 rows a step."""
    results = []
    for contender in contenders():
        raised, looks = false_alarms(contender, 10 if quick else 500, seed=7)
        found = {drift.name: _all(contender, drift, 1_000, FEATURES, 10 if quick else LIMIT) for drift in DRIFTS}
        results.append({"name": contender.name, "raised": raised, "looks": looks, "delays": found})
    return results


def own(quick: bool) -> list[dict[str, Any]]:
    """Ours at several rates."""
    results = []
    for rows in (100, 1_000, 10_000):
        found = {
            drift.name: _all(OtelMl(), drift, rows, 10 if quick else 100, 10 if quick else LIMIT) for drift in DRIFTS
        }
        results.append({"rows": rows, "delays": found})
    return results


def _all(contender: Contender, drift: Drift, rows: int, features: int, limit: int) -> list[int | None]:
    runs = JOINT_RUNS if drift.joint else 1
    several = (delays(contender, drift, rows, features, 11 + run, limit) for run in range(runs))
    return list(itertools.chain.from_iterable(several))


def told(found: list[int | None]) -> str:
    """The median delay, and which share was found if not all."""
    done = [one for one in found if one is not None]
    if len(done) <= len(found) / 20:
        return "never" if not done else f"never ({len(done) / len(found):.0%})"
    delay = f"{float(np.median(done)):g}"
    return delay if len(done) == len(found) else f"{delay} ({len(done) / len(found):.0%})"

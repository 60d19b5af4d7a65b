"""One look at all features: every statistic with its noise, and the alarm; and the memory that a monitor holds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from benchmarks.drift import tables
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.turns import Job, in_turn
from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.monitor import Monitor
from otel_ml.drift.report import Moment
from otel_ml.drift.scoring import Scorer
from otel_ml.drift.settings import Settings

LOOK_BACKS = (1, 2, 4, 8, 16, 32, 64)
ROWS_A_STEP = 1_000


def run(quick: bool) -> Report:
    """Measure what happens once a minute."""
    report = Report("drift_evaluation", "Drift: a look at all features")
    sizes = (30,) if quick else (30, 300, 1_000)
    rounds = 1 if quick else 15
    report.tables += [_looks(report, sizes, rounds), _memory(sizes, 3 if quick else 70)]
    return report


def _looks(report: Report, sizes: tuple[int, ...], rounds: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for features in sizes:
        turns = in_turn(_jobs(features), rounds)
        scores, alarm, drift = (turns.median(job) * 1e3 for job in ("scores", "alarm", "drift"))
        rows.append((f"{features:,}", scores, alarm, scores + alarm, drift))
        if features == 1_000:
            report.aims.append(Aim("an evaluation of 1,000 features, statistics and alarm, ms", 20, scores + alarm))
    columns = (
        "features",
        "statistics and their noise, ms",
        "alarm over 7 look-backs, ms",
        "both, ms",
        "alarm while a tenth drifts, ms",
    )
    return Table("A look", columns, rows, "CPU time. Looks come once a sub-window, a minute by default.")


def _jobs(features: int) -> dict[str, Job]:
    baseline = tables.baseline(features)
    reference = layout.reference(baseline.variables)
    scorer = Scorer(baseline.variables, reference)
    windows = _windows(Binner(baseline), features)
    drifting = {look: window.copy() for look, window in windows.items()}
    for window in drifting.values():  # every tenth feature moves half of its rows into the first bin
        moved = window[::10, layout.FIRST :] // 2
        window[::10, layout.FIRST :] -= moved
        window[::10, layout.FIRST] += moved.sum(axis=1)

    def look(detector: Detector, steps: Iterator[int], sums: dict[int, np.ndarray]) -> None:
        detector.step(sums, reference, Moment(next(steps), 0))

    return {
        "scores": partial(scorer.scores, windows[1]),
        "alarm": partial(look, Detector(baseline.variables, Settings()), count(), windows),
        "drift": partial(look, Detector(baseline.variables, Settings()), count(), drifting),
    }


def _windows(binner: Binner, features: int) -> dict[int, np.ndarray]:
    windows = {}
    for look in LOOK_BACKS:
        windows[look] = np.zeros(binner.shape, dtype=np.int64)
        binner.count(tables.columns(tables.numbers(ROWS_A_STEP, features, seed=look)), ROWS_A_STEP, windows[look])
        windows[look] *= look
    return windows


def _memory(sizes: tuple[int, ...], steps: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for features in sizes:
        held, size = _held(features, steps)
        rows.append((f"{features:,}", held / 1e6, size / 1e3))
    columns = ("features", "held by a monitor, MB", "the baseline's file, kB")
    note = f"After {steps} sub-windows of {ROWS_A_STEP:,} rows; it does not grow with rows."
    return Table("Memory", columns, rows, note)


def _held(features: int, steps: int) -> tuple[int, int]:
    baseline = tables.baseline(features)
    columns: dict[str, Any] = tables.columns(tables.numbers(ROWS_A_STEP, features))
    tracemalloc.start()
    try:
        monitor = Monitor(baseline, Settings(lateness=0))
        for step in range(steps):
            monitor.observe(columns, rows=ROWS_A_STEP, times=60.0 * step)
        monitor.advance()
        return tracemalloc.get_traced_memory()[0], len(baseline.to_json())
    finally:
        tracemalloc.stop()

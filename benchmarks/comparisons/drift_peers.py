"""Published peers at the same job, each in an environment of its own, since no one environment has room for all of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift import peer_job, tables
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.turns import Job, Turns, in_turn
from otel_ml.drift import Baseline, layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.report import Moment
from otel_ml.drift.scoring import Scorer
from otel_ml.drift.sequential.adwin import Adwin
from otel_ml.drift.sequential.page_hinkley import PageHinkley
from otel_ml.drift.settings import Settings
from otel_ml.drift.statistics.formulas import psi

ENVIRONMENTS = Path(__file__).resolve().parents[2] / ".venv" / "bench-drift"
FEATURES = 30
TIMEOUT_SECONDS = 300
ALL, ONE = "otel-ml, nine statistics with their noise, and the alarm", "otel-ml, PSI of 10 bins"
SEVERAL = ("nannyml, four statistics", "frouros, five statistics")
STREAMS = {"river, Page-Hinkley": "otel-ml, Page-Hinkley", "river, ADWIN": "otel-ml, ADWIN"}
BY_VALUE = ", value by value"

Found = dict[str, tuple[float, int, float]]
"""By job: CPU seconds, figures that came out, and the seconds of ours that were taken at the same time."""

Streams = dict[str, tuple[float, float, float]]
"""By job: CPU seconds, and those of ours that were taken at the same time, from an array and value by value."""


def run(quick: bool) -> Report:
    """Give all of them the same two windows, ours before each of them and after."""
    report = Report("drift_peers", "Drift: published peers")
    rows, rounds = (500, 1) if quick else (10_000, 5)
    reference, current = tables.numbers(rows, FEATURES, seed=99), tables.numbers(rows, FEATURES, seed=1)
    ours = _ours(reference, current)
    windows: Found = {}
    streams: Streams = {}
    versions: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "windows.npz"
        np.savez(path, reference=reference, current=current)
        for peer in peer_job.PEERS:
            before = in_turn(ours, rounds)
            try:
                found = _peer(peer, path, 0 if quick else rounds)
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                report.skipped.append(f"{peer}: {_reason(error)}")
                continue
            after = in_turn(ours, rounds)
            versions.append(f"{peer} {found['version']}")
            beside = {name: (before.median(name) + after.median(name)) / 2 for name in ours}
            for job, figures in found["jobs"].items():
                mine, seconds = _counterpart(job), statistics.median(figures["seconds"])
                if job in STREAMS:
                    streams[job] = seconds, beside[mine], beside[mine + BY_VALUE]
                else:
                    windows[job] = seconds, figures["figures"], beside[mine]
    alone = in_turn(ours, rounds)
    report.tables += [_windows(windows, alone, rows, versions), _streams(streams, alone, rows)]
    for title, mine in (("several statistics", ALL), ("one statistic", ONE)):
        times = [seconds / own for job, (seconds, _, own) in windows.items() if _counterpart(job) == mine]
        if times:
            report.aims.append(
                Aim(f"times as fast as the fastest peer, {title} a feature", 10, min(times), at_least=True)
            )
    return report


def _counterpart(job: str) -> str:
    """What of ours does at least as much."""
    return STREAMS.get(job, ALL if job in SEVERAL else ONE)


def _ours(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    baseline = Baseline.fit(tables.columns(reference), projections=False)
    counts = layout.reference(baseline.variables)
    binner, scorer = Binner(baseline), Scorer(baseline.variables, counts)
    detector, steps = Detector(baseline.variables, Settings()), count()
    columns = tables.columns(np.asfortranarray(current))
    array = np.ascontiguousarray(current[:, 0])
    values = array.tolist()
    ten = Baseline.fit(tables.columns(reference), projections=False, bins=10)
    few, before = Binner(ten), layout.reference(ten.variables)[:, layout.FIRST :]

    def one() -> None:  # of as many bins as frouros has by default
        into = np.zeros(few.shape, dtype=np.int64)
        few.count(columns, len(current), into)
        psi(into[:, layout.FIRST :], before, 0.5)

    def window() -> None:
        into = np.zeros(binner.shape, dtype=np.int64)
        binner.count(columns, len(current), into)
        scorer.scores(into)
        detector.step({1: into}, counts, Moment(next(steps), 0))

    def watch(detector: Adwin | PageHinkley) -> None:
        for value in values:
            detector.update(value)

    return {
        ALL: window,
        ONE: one,
        "otel-ml, Page-Hinkley": lambda: PageHinkley(0.0, 1.0).update_many(array),
        "otel-ml, ADWIN": lambda: Adwin(0.0, 1.0).update_many(array),
        "otel-ml, Page-Hinkley" + BY_VALUE: lambda: watch(PageHinkley(0.0, 1.0)),
        "otel-ml, ADWIN" + BY_VALUE: lambda: watch(Adwin(0.0, 1.0)),
    }


def _peer(peer: str, path: Path, rounds: int) -> dict[str, Any]:
    python = ENVIRONMENTS / peer / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError("is not installed")
    command = [str(python), peer_job.__file__, peer, str(path), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr).strip().rpartition("\n")[2]
    return str(error)


def _windows(found: Found, alone: Turns, rows: int, versions: list[str]) -> Table:
    lines: list[tuple[Cell, ...]] = [
        (name, alone.median(name) * 1e3, f"{figures * FEATURES}", "", None, None)
        for name, figures in ((ALL, 9), (ONE, 1))
    ]
    lines += [
        (job, seconds * 1e3, f"{figures}", _counterpart(job), mine * 1e3, seconds / mine)
        for job, (seconds, figures, mine) in found.items()
    ]
    columns = ("", "CPU time, ms", "figures", "beside", "CPU time, ms", "times as long")
    note = (
        f"{rows:,} rows of {FEATURES} features compared with a baseline of {rows:,}; what can be prepared of the baseline is "
        "prepared before. The window is a data frame, or columns that each lie together in memory, as frouros and otel-ml "
        f"get it. A figure is one statistic of one feature. Each peer goes by its own documentation. {', '.join(versions)}."
    )
    return Table("A window", columns, lines, note)


def _streams(found: Streams, alone: Turns, rows: int) -> Table:
    lines: list[tuple[Cell, ...]] = [
        (name, alone.median(name) / rows * 1e6, None, None)
        for own in STREAMS.values()
        for name in (own, own + BY_VALUE)
    ]
    lines += [
        (job, seconds / rows * 1e6, seconds / array, seconds / by_value)
        for job, (seconds, array, by_value) in found.items()
    ]
    columns = ("", "µs a value", "times otel-ml", "times otel-ml, value by value")
    note = f"A stream of {rows:,} values. Ours takes an array or a value, river a value."
    return Table("A stream of one number", columns, lines, note)

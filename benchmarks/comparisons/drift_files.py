"""Whole data sets: fitting a baseline, and `otel-ml check` of a file that is larger than what one holds in memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.drift import tables
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.turns import Job, in_turn
from otel_ml.drift import Baseline

FEATURES = 30
CHUNK = 1_000_000
TIMEOUT_SECONDS = 600


def run(quick: bool) -> Report:
    """Measure both."""
    report = Report("drift_files", "Drift: whole data sets")
    report.tables.append(_fits(report, 2_000 if quick else CHUNK, 1 if quick else 3))
    try:
        import pyarrow  # noqa: F401  # only the command line needs it
    except ImportError:
        report.skipped.append("otel-ml check of Parquet: pyarrow is not installed")
        return report
    report.tables.append(_check(report, 20_000 if quick else 10 * CHUNK))
    return report


def _fits(report: Report, rows: int, rounds: int) -> Table:
    matrix = tables.numbers(rows, FEATURES)
    halves = [tables.columns(half) for half in np.array_split(matrix, 2)]
    jobs: dict[str, Job] = {
        "one array": partial(Baseline.fit, tables.columns(matrix)),
        "one array, no projections": partial(Baseline.fit, tables.columns(matrix), projections=False),
        "two halves, merged": lambda: Baseline.merge(*[Baseline.fit(half) for half in halves]),
    }
    turns = in_turn(jobs, rounds)
    seconds = [turns.median(job) for job in jobs]
    if rows == CHUNK:
        report.aims.append(Aim("fitting a baseline to 1 million rows of 30 features, s", 5, seconds[0]))
    columns = ("", "s", "million values/s")
    found: list[tuple[Cell, ...]] = [
        (job, each, rows * FEATURES / each / 1e6) for job, each in zip(jobs, seconds, strict=True)
    ]
    return Table(f"A baseline of {rows:,} rows of {FEATURES} features", columns, found, "CPU time.")


def _check(report: Report, rows: int) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        data, baseline = Path(folder) / "rows.parquet", Path(folder) / "baseline.json"
        _write(data, rows)
        tables.baseline(FEATURES, projections=True).save(baseline)
        found: list[tuple[Cell, ...]] = []
        for title, options in (("one window", ()), ("steps of 10,000 rows", ("--rows-per-step", "10000"))):
            command = [sys.executable, "-m", "otel_ml.cli", "check", str(data), "--baseline", str(baseline)]
            command += ["--fail-on", "none", "--output", "json", *options]
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
            wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found.append((title, wall, cpu, rows / wall / 1e6, after.ru_maxrss / 1e3))
        size = data.stat().st_size / 1e9
    columns = ("", "on the clock, s", "CPU time, s", "million rows/s", "most memory held by any so far, MB")
    note = f"Parquet of {size:.2g} GB, reading included; {FEATURES} numbers a row, projections and the alarm of every step."
    return Table(f"`otel-ml check` of {rows:,} rows", columns, found, note)


def _write(path: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = min(rows, CHUNK)
    table = pa.table(tables.columns(np.asfortranarray(tables.numbers(size, FEATURES, seed=5))))
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(rows // size):
            writer.write_table(table, row_group_size=100_000)

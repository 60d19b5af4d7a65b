"""Rows into counts: by column from arrays, and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from benchmarks.drift import tables
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.turns import Turns, in_turn
from otel_ml.drift import Baseline
from otel_ml.drift.counts.binning import Binner

SEARCH = "np.searchsorted and np.bincount"
OURS = "otel-ml"


def run(quick: bool) -> Report:
    """Measure the binner beside what anybody would write with numpy."""
    report = Report("drift_counts", "Drift: rows into counts")
    rounds = 1 if quick else 7
    report.tables += [_arrays(report, quick, rounds), _one_by_one(report, quick, rounds), _kinds(quick, rounds)]
    return report


def _arrays(report: Report, quick: bool, rounds: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for features, count in ((30, 200_000), (300, 20_000), (1_000, 8_000)):
        count = 500 if quick else count
        binner = Binner(tables.baseline(features))
        matrix = tables.numbers(count, features)
        layouts = {
            "float64, row by row in memory": matrix,
            "float64, column by column": np.asfortranarray(matrix),
            "float32, row by row": matrix.astype(np.float32),
        }
        for layout, data in layouts.items():
            turns = _beside_search(binner, tables.columns(data), count, rounds)
            each = turns.median(OURS) / count
            rows.append((f"{features:,} features, {layout}", *_figures(turns, count, features)))
            if features == 30 and data is matrix:
                report.aims += [
                    Aim("million values a second into counts, from arrays", 30, features / each / 1e6, at_least=True),
                    Aim("µs a row of 30 features into counts, from arrays", 1, each * 1e6),
                ]
    columns = ("", "µs a row", "million values/s", f"the same by {SEARCH}, times as long")
    note = "20 bins a feature; with null, range and non-finite counts, which the search alone has not. CPU time of one core."
    return Table("Arrays", columns, rows, note)


def _beside_search(binner: Binner, columns: Mapping[str, np.ndarray], count: int, rounds: int) -> Turns:
    into = np.zeros(binner.shape, dtype=np.int64)
    edges = [np.sort(np.random.default_rng(3).normal(size=19)) for _ in columns]

    def search() -> None:
        for column, ends in zip(columns.values(), edges, strict=True):
            np.bincount(np.searchsorted(ends, column), minlength=20)

    return in_turn({OURS: partial(binner.count, columns, count, into), SEARCH: search}, rounds)


def _figures(turns: Turns, count: int, features: int) -> tuple[Cell, ...]:
    each = turns.median(OURS) / count
    return each * 1e6, features / each / 1e6, turns.ratio(SEARCH, OURS)


def _one_by_one(report: Report, quick: bool, rounds: int) -> Table:
    names = tables.names(30)
    plain, projected = (Binner(tables.baseline(30, projections=projections)) for projections in (False, True))
    rows: list[tuple[Cell, ...]] = []
    for size in (1, 16, 64, 256):
        records = [dict(zip(names, row, strict=True)) for row in tables.numbers(size, 30).tolist()]
        nulls = [{**record, "f3": None} for record in records]
        jobs = {
            "plain": partial(_count_records, plain, records),
            "nulls": partial(_count_records, plain, nulls),
            "projected": partial(_count_records, projected, records),
        }
        turns = in_turn(jobs, rounds, repeat=1 if quick else max(1, 4_000 // size))
        found = [turns.median(job) / size * 1e6 for job in jobs]
        rows.append((f"{size}", *found))
        if size == 64:
            report.aims.append(Aim("µs a row of 30 features into counts, from dicts, 64 at a time", 4, found[0]))
    columns = ("rows that are counted together", "µs a row", "with a null in each row", "with projections")
    return Table("30 features, from dicts", columns, rows, "The aggregator counts what has come since it last looked.")


def _count_records(binner: Binner, records: list[dict[str, float]]) -> None:
    into = np.zeros(binner.shape, dtype=np.int64)
    binner.count_rows(tuple(records[0]), [list(record.values()) for record in records], into)


def _kinds(quick: bool, rounds: int) -> Table:
    count = 500 if quick else 50_000
    data = tables.kinds(count)
    jobs = {}
    for kind, column in data.items():
        binner = Binner(Baseline.fit({"x": column}, projections=False))
        jobs[kind] = partial(binner.count, {"x": column}, count, np.zeros(binner.shape, dtype=np.int64))
    turns = in_turn(jobs, rounds)
    return Table("By kind", ("", "ns a value"), [(kind, turns.median(kind) / count * 1e9) for kind in jobs])

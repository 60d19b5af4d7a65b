"""What a registered baseline adds to a call, and to the thread that counts its rows."""

from __future__ import annotations

import statistics
from typing import Any

import otel_ml
from benchmarks.contenders import OtelMl, Predict
from benchmarks.drift import tables
from benchmarks.drift.aggregator import added, own_work
from benchmarks.models import CLASSES, NAME, VERSION, Tiny, feature_names, matrix
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.timing import compare

FEATURES = 30
RATE = 200
"""Calls a second of a trickle: the aggregator sees a few at a time."""


class Watched(OtelMl):
    """otel-ml with a baseline: every row is binned, every minute is looked at."""

    name = "otel-ml, with a baseline"

    def __init__(self, baseline: otel_ml.Baseline) -> None:
        super().__init__()
        self._baseline = baseline

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        otel_ml.instrument(**self.sdk.providers, **self._options)
        otel_ml.register_model(model, NAME, version=VERSION, classes=CLASSES, baseline=self._baseline)
        return model.predict_proba  # type: ignore[no-any-return]  # scikit-learn has no types


def run(quick: bool) -> Report:
    """Compare otel-ml with itself."""
    report = Report("drift_calls", "Drift: what a registered baseline adds")
    columns = tables.columns(tables.numbers(tables.BASELINE_ROWS, FEATURES))
    baseline = otel_ml.Baseline.fit(
        {**columns, "score": tables.numbers(tables.BASELINE_ROWS, 1, 2)[:, 0]}, score="score"
    )
    plain, watched = OtelMl(), Watched(baseline)
    rows: list[tuple[Cell, ...]] = []
    for size, calls in ((1, 20), (100, 2)) if quick else ((1, 1_500), (100, 40), (10_000, 4)):
        contenders = [plain, watched]
        rounds = 1 if quick else 9
        costs = compare(contenders, Tiny(size), matrix(size), feature_names(), calls=calls, rounds=rounds)
        ratio = costs.ratio(watched.name, plain.name, "caller")
        more = (costs.median(watched.name, "processed") - costs.median(plain.name, "processed")) / size
        caller, total = (costs.median(plain.name, figure) / size for figure in ("caller", "processed"))
        rows.append((f"{size:,}", caller, ratio, total, costs.ratio(watched.name, plain.name, "processed"), more))
        if size == 1:
            report.aims.append(Aim("caller's thread with a baseline, as a share of without", 1.05, ratio))
    columns_of_table = (
        "rows a call",
        "caller's thread without, µs a row",
        "with, as a share of it",
        "whole process without, µs a row",
        "with, as a share of it",
        "added, µs a row",
    )
    note = "30 features and a score, with projections. The baseline's metrics are collected once a minute: not in here."
    report.tables.append(Table("otel-ml without and with a baseline", columns_of_table, rows, note))
    _aggregator(report, plain, watched, quick)
    return report


def _aggregator(report: Report, plain: OtelMl, watched: Watched, quick: bool) -> None:
    """What the aggregator's own work on rows takes, where these come one by one."""
    rows: list[tuple[Cell, ...]] = []
    for way, calls, rounds, pause in (
        ("one after the other", 1_500, 21, 0.0),
        (f"{RATE} a second", 300, 5, 1 / RATE),
    ):
        calls, rounds = (10, 1) if quick else (calls, rounds)
        work = own_work([plain, watched], Tiny(1), matrix(1), feature_names(), calls=calls, rounds=rounds, pause=pause)
        more = added(work, watched, plain)
        rows.append((way, *(statistics.median(work[one.name]) for one in (plain, watched)), more))
        if not pause:
            what = "added by a baseline to the aggregator's own work, µs a row of 30 features, one row a call"
            report.aims.append(Aim(what, 4, more))
    note = (
        "CPU time of counting calls and of the beats between, on whatever thread does it; spans and events, which are the "
        "same in both, are left out. The last column is the median over rounds in turn."
    )
    columns = ("calls of one row", "without, µs a row", "with, µs a row", "added, µs a row")
    report.tables.append(Table("The aggregator's own work", columns, rows, note))

"""What a registered baseline adds to a call, and to the thread that counts its rows."""

from __future__ import annotations

from typing import Any

import otel_ml
from benchmarks.contenders import OtelMl, Predict
from benchmarks.drift import tables
from benchmarks.models import CLASSES, NAME, VERSION, Tiny, feature_names, matrix
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.timing import compare

FEATURES = 30


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
        added = (costs.median(watched.name, "processed") - costs.median(plain.name, "processed")) / size
        caller, total = (costs.median(plain.name, figure) / size for figure in ("caller", "processed"))
        rows.append((f"{size:,}", caller, ratio, total, costs.ratio(watched.name, plain.name, "processed"), added))
        if size == 1:
            report.aims += [
                Aim("caller's thread with a baseline, as a share of without", 1.05, ratio),
                Aim(
                    "added by a baseline on the aggregator's thread, µs a row of 30 features, one row a call", 4, added
                ),
            ]
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
    return report

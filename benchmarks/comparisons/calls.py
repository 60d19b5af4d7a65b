"""One row a call: the caller's thread, and the whole process with encoding."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Bare, ByHand, Contender, OtelMl
from benchmarks.models import Tiny, feature_names, matrix, real
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.timing import Costs, compare

COLUMNS = (
    "",
    "caller's thread, µs",
    "to by hand",
    "on the clock, µs",
    "whole process, µs",
    "to by hand",
    "one collection, µs",
)
NOTE = "Whole process: CPU time with background threads, encoding, and 1/6,000 of a metric collection."


def run(quick: bool) -> Report:
    """Compare them on a model that costs nothing, and on a small real one."""
    report = Report("calls", "One row a call, 30 features")
    calls, rounds = (20, 1) if quick else (400, 15)
    contenders: list[Contender] = [Bare(), ByHand(), ByHand(count_nulls=True), OtelMl()]
    for title, model in (("A model that does nothing", Tiny()), ("A scaler and a logistic regression", real())):
        costs = compare(contenders, model, matrix(), feature_names(), calls=calls, rounds=rounds)
        report.tables.append(Table(title, COLUMNS, rows_of(costs), NOTE))
        if isinstance(model, Tiny):
            report.aims += _aims(costs)
    return report


def rows_of(costs: Costs, base: str = "by hand") -> list[tuple[Cell, ...]]:
    """A row for each contender, with ratios to one of them."""

    def ratio(name: str, figure: str) -> Cell:
        return None if name == "bare model" else costs.ratio(name, base, figure)

    def row(name: str) -> tuple[Any, ...]:
        caller, wall, total, collection = (
            costs.median(name, figure) for figure in ("caller", "wall", "total", "collection")
        )
        return name, caller, ratio(name, "caller"), wall, total, ratio(name, "total"), collection

    return [row(name) for name in costs.names]


def _aims(costs: Costs) -> list[Aim]:
    return [
        Aim("caller's thread, as a share of by hand", 0.75, costs.ratio("otel-ml", "by hand", "caller")),
        Aim("whole process, as a share of by hand", 1.1, costs.ratio("otel-ml", "by hand", "total")),
    ]

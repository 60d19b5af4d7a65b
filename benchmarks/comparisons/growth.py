"""How the cost grows: with features, with rows a call, and by what the rows come in."""

from __future__ import annotations

from typing import Any

import pandas as pd

import otel_ml
from benchmarks.contenders import Bare, ByHand, Contender, OtelMl, Predict
from benchmarks.handwritten import Handwritten
from benchmarks.models import CLASSES, NAME, VERSION, Tiny, feature_names, matrix
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.timing import Costs, compare

HAND, OURS = ByHand().name, OtelMl.name
FIGURES = ("caller", "total")


class DictByHand(ByHand):
    """By hand around a function that takes a dict."""

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        return Handwritten(model, features, self.sdk).predict_one


class DictOtelMl(OtelMl):
    """`@observe` on a function that takes a dict."""

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        otel_ml.instrument(**self.sdk.providers)
        answer = model.predict_proba

        @otel_ml.observe(name=NAME, version=VERSION, operation="predict_proba", classes=CLASSES)
        def score(row: dict[str, Any]) -> Any:
            with (
                otel_ml.suppress()
            ):  # the estimator inside is the same prediction, as it is in any function of one's own
                return answer(row)

        return score


def run(quick: bool) -> Report:
    """Measure the three kinds of growth."""
    report = Report("growth", "Growth with features, rows and kinds of input")
    rounds = 1 if quick else 9
    contenders: list[Contender] = [Bare(), ByHand(), OtelMl()]

    features = {
        f"{width}": compare(
            contenders, Tiny(), matrix(1, width), feature_names(width), calls=20 if quick else 300, rounds=rounds
        )
        for width in (3, 30, 300)
    }
    note = "At most 64 feature values are captured, by hand as well: backends refuse much larger records."
    report.tables.append(Table("Features, one row a call", _columns("features", "a call"), _rows(features), note))

    rows = {}
    for size, calls in ((1, 300), (100, 10), (10_000, 3)):  # 30,000 rows: our queue holds 32,768
        model, data = Tiny(size), matrix(size)
        rows[f"{size:,}"] = compare(
            contenders, model, data, feature_names(), calls=min(calls, 20) if quick else calls, rounds=rounds
        )
    note = "Events are capped at 100 a call, by hand as well; every row is counted and has its score in the histogram."
    per_row = [_scaled(row, int(str(row[0]).replace(",", ""))) for row in _rows(rows)]
    report.tables.append(Table("Rows a call, 30 features", _columns("rows", "a row"), per_row, note))
    large = rows["10,000"]
    report.aims = [
        Aim("caller's thread, µs a row of a batch of 10,000", 5, large.median(OURS, "caller") / 10_000),
        Aim("whole process, µs a row of a batch of 10,000", 20, large.median(OURS, "total") / 10_000),
    ]

    array = matrix()
    frame = pd.DataFrame(array, columns=list(feature_names()))
    row = dict(zip(feature_names(), array[0].tolist(), strict=True))
    calls = 20 if quick else 300
    kinds = {
        "numpy array": compare(contenders, Tiny(), array, feature_names(), calls=calls, rounds=rounds),
        "pandas frame": compare(contenders, Tiny(), frame, feature_names(), calls=calls, rounds=rounds),
        "dict": compare([Bare(), DictByHand(), DictOtelMl()], Tiny(), row, feature_names(), calls=calls, rounds=rounds),
    }
    report.tables.append(Table("Kinds of input, one row of 30 features", _columns("input", "a call"), _rows(kinds)))
    return report


def _columns(what: str, unit: str) -> tuple[str, ...]:
    return (
        what,
        f"caller's thread by hand, µs {unit}",
        f"otel-ml, µs {unit}",
        "ratio",
        f"whole process by hand, µs {unit}",
        f"otel-ml, µs {unit}",
        "ratio",
    )


def _rows(found: dict[str, Costs]) -> list[tuple[Cell, ...]]:
    def cells(costs: Costs) -> list[Cell]:
        return [
            cell
            for figure in FIGURES
            for cell in (costs.median(HAND, figure), costs.median(OURS, figure), costs.ratio(OURS, HAND, figure))
        ]

    return [(label, *cells(costs)) for label, costs in found.items()]


def _scaled(row: tuple[Cell, ...], size: int) -> tuple[Cell, ...]:
    """Per row instead of per call; ratios stay."""
    return tuple(
        cell / size if isinstance(cell, float) and place not in (3, 6) else cell for place, cell in enumerate(row)
    )

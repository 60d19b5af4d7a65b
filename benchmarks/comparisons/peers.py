"""One row a call, beside published peers. Each is an optional group: what is not installed is skipped, with the reason."""

from __future__ import annotations

from benchmarks.comparisons.calls import COLUMNS, rows_of
from benchmarks.contenders import Bare, ByHand, OtelMl
from benchmarks.models import Tiny, feature_names, matrix
from benchmarks.peers import available
from benchmarks.report import Report, Table
from benchmarks.timing import compare

NOTE = (
    "They do different things: mlflow and logfire send a span and neither events nor metrics; whylogs keeps sketches and sends "
    "nothing about a single prediction (its collection is the serialisation of a profile)."
)


def run(quick: bool) -> Report:
    """Compare those that are installed."""
    peers, skipped = available()
    report = Report("peers", "Published peers", skipped=skipped)
    costs = compare(
        [Bare(), ByHand(), OtelMl(), *peers],
        Tiny(),
        matrix(),
        feature_names(),
        calls=20 if quick else 300,
        rounds=1 if quick else 9,
    )
    report.tables.append(Table("One row of 30 features a call", COLUMNS, rows_of(costs), NOTE))
    return report

"""What a baseline tells of the files that are compared with it: which columns matter, their types, how much fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from otel_ml.cli.plan import Plan

if TYPE_CHECKING:
    from otel_ml.cli.csv_columns import ColumnType
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.variables import Variable

TOO_MANY_LATE: Final = 0.01
"""Share of rows out of order that makes what is found of the others worth nothing."""

_OPEN_BYTES: Final = 1 << 26
_LEAST_OPEN: Final = 64
_MOST_OPEN: Final = 10_000

_BY_CONSTRAINT: Final[Mapping[str, ColumnType]] = {
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "datetime": "datetime",
    "string": "text",
}
_BY_KIND: Final[Mapping[str, ColumnType]] = {"numeric": "number", "boolean": "boolean", "datetime": "datetime"}


def plan_for(baseline: Baseline, time: str | None) -> Plan:
    """How to read files that are compared with a baseline."""
    columns: dict[str, Variable] = {}
    for variable in baseline.variables:
        if variable.subject == "feature" and variable.source is None:
            columns[variable.name] = variable
        elif variable.subject in ("prediction", "score"):
            columns.setdefault(variable.source or variable.name, variable)
    return Plan(lambda name: _type(columns[name]), columns.__contains__, time)


def lateness(baseline: Baseline, step: float) -> float:
    """Seconds that a row of a file may be behind: files are rarely sorted, and nobody waits for an alarm.

    As far as the counts of steps that are not complete fit into a fixed memory.
    """
    from otel_ml.drift.layout import width

    matrix = 8 * len(baseline.variables) * width(baseline.variables)
    return step * min(max(_OPEN_BYTES // max(matrix, 1), _LEAST_OPEN), _MOST_OPEN)


def _type(variable: Variable) -> ColumnType:
    """A category's codes are numbers only if they were numbers in training: `01` is not 1."""
    by_kind = _BY_KIND.get(variable.kind)
    return by_kind or _BY_CONSTRAINT.get(variable.constraints.type or "", "text")

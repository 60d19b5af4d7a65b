"""What a baseline tells of the files that are compared with it: which columns matter, and their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from otel_ml.cli.plan import Plan

if TYPE_CHECKING:
    from otel_ml.cli.csv_columns import ColumnType
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.variables import Variable

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


def _type(variable: Variable) -> ColumnType:
    """A category's codes are numbers only if they were numbers in training: `01` is not 1."""
    by_kind = _BY_KIND.get(variable.kind)
    return by_kind or _BY_CONSTRAINT.get(variable.constraints.type or "", "text")

"""What a baseline tells of the files that are compared with it: which columns matter, their types, how much fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from otel_ml.cli.files.plan import Plan

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.cli.files.csv_columns import ColumnType
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


class Expected:
    """A baseline beside the columns of files.

    Args:
        baseline: what they are compared with.
        time: the column of times.
    """

    def __init__(self, baseline: Baseline, time: str | None) -> None:
        from otel_ml.config import Config
        from otel_ml.monitoring.treatment import Treated
        from otel_ml.privacy.treatment import Treatment

        # what is captured is about payloads: bins are counted in each case, in the service as here
        self._policy = Treatment(replace(Config.load(), capture="all"))
        self._treated = Treated(baseline, self._policy)
        self._names: dict[str, str] = {}
        self._variables: dict[str, Variable] = {}
        for variable in baseline.variables:
            if variable.subject == "feature" and variable.source is None:
                self._variables[variable.name] = variable
            elif variable.subject in ("prediction", "score"):
                self._variables.setdefault(variable.source or variable.name, variable)
        self.plan = Plan(lambda name: _type(self._variables[self._name(name)]), self._is_wanted, time)

    def columns(self, chunks: Iterable[Any]) -> Iterator[dict[str, np.ndarray]]:
        """Columns by the names that the baseline has, with values as the privacy policy had them in the fit."""
        from otel_ml.drift.tables import columns_of

        for chunk in chunks:
            columns = {self._name(name): column for name, column in columns_of(chunk)[0].items()}
            yield {name: self._treated.column(name, column) for name, column in columns.items()}

    def _is_wanted(self, name: str) -> bool:
        return self._name(name) in self._variables

    def _name(self, name: str) -> str:
        """A name that looks like a secret is another in the baseline, and in what is printed."""
        if name not in self._names:
            self._names[name] = name if name in self._variables else self._policy.safe_name(name)
        return self._names[name]


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

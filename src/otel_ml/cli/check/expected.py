"""What a baseline tells of the files that are compared with it: which columns matter, their types, how much fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.plan import Plan
from otel_ml.cli.printable import printable

if TYPE_CHECKING:
    import numpy as np

    from otel_ml.cli.files.csv_columns import ColumnType
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


class Expected:
    """A baseline beside the columns of files.

    Args:
        baseline: what they are compared with.
        time: the column of times.
        prediction: the column of predictions, None for the one that the baseline names.
        score: that of scores, likewise.
        probabilities: those of class probabilities.
        ids: that of the predictions' ids.

    Raises:
        FileError: The privacy policy does not let the ids out.
    """

    def __init__(
        self,
        baseline: Baseline,
        time: str | None = None,
        *,
        prediction: str | None = None,
        score: str | None = None,
        probabilities: Iterable[str] = (),
        ids: str | None = None,
    ) -> None:
        from otel_ml.config import Config
        from otel_ml.monitoring.treatment import Treated
        from otel_ml.privacy.treatment import Treatment

        # what is captured is about payloads: bins are counted in each case, in the service as here
        self._policy = Treatment(replace(Config.load(), capture="all"))
        self.notes: list[str] = []
        """What the policy does otherwise than it did in the fit."""
        self._treated = Treated(baseline, self._policy, self.notes.append)
        self._names: dict[str, str] = {}
        self._variables: dict[str, Variable] = {}
        self._ids = ids
        named = {"prediction": prediction, "score": score}
        for variable in baseline.variables:
            if variable.subject == "feature" and variable.source is None:
                self._variables[variable.name] = variable
            elif variable.subject in named:
                column = named[variable.subject] or variable.source or variable.name
                self._variables.setdefault(column, variable)
        self._types: dict[str, ColumnType] = dict.fromkeys(probabilities, "number")
        if ids is not None:
            self._check_ids(ids)
            self._types[ids] = "text"
        self.time = time
        """The column that has the times in seconds: one of its own where that of the file is compared, too."""
        if time is not None and self._is_wanted(time):
            self.time = f"{time} (seconds since 1970)"
        self.plan = Plan(self._type, self._is_wanted, time, self.time)

    def columns(self, chunks: Iterable[Any]) -> Iterator[dict[str, np.ndarray]]:
        """Columns by the names that the baseline has, with values as the privacy policy had them in the fit."""
        from otel_ml.drift.fitting.treatment import treated
        from otel_ml.drift.tables import columns_of

        for chunk in chunks:
            found = columns_of(chunk)[0]
            columns = {name: self._treated.column(name, column) for name, column in self._renamed(found)}
            if self._ids is not None and self._ids in found:
                columns[self._ids] = treated(found[self._ids], self._ids, self._policy)
            yield columns

    def _renamed(self, found: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
        for name, column in found.items():
            yield name if name in self._types or name == self.time else self._name(name), column

    def _check_ids(self, ids: str) -> None:
        if self._policy.action(ids) in ("mask", "drop"):
            raise FileError(
                f"the privacy policy does not let {printable(ids, 60)!r} out: name another column of ids, "
                f"or hash it (OTEL_ML_FEATURE_ACTIONS={printable(ids, 60)}=hash, with OTEL_ML_HASH_KEY)"
            )

    def _type(self, name: str) -> ColumnType:
        return self._types.get(name) or _type(self._variables[self._name(name)])

    def _is_wanted(self, name: str) -> bool:
        return name in self._types or self._name(name) in self._variables

    def _name(self, name: str) -> str:
        """A name that looks like a secret is another in the baseline, and in what is printed."""
        if name not in self._names:
            self._names[name] = name if name in self._variables else self._policy.safe_name(name)
        return self._names[name]


def _type(variable: Variable) -> ColumnType:
    """A category's codes are numbers only if they were numbers in training: `01` is not 1."""
    by_kind = _BY_KIND.get(variable.kind)
    return by_kind or _BY_CONSTRAINT.get(variable.constraints.type or "", "text")

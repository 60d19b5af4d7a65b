"""Which column of a table that is checked is what: a feature, an output, the time, an id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.errors import CheckError
from otel_ml.drift.fitting.entropy import entropy
from otel_ml.drift.notes import renamed
from otel_ml.drift.tables import Columns, column_array
from otel_ml.drift.variables import OUTPUTS

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_SHOWN: Final = 8
_HINTS: Final = 3


class Parts(NamedTuple):
    """A chunk by what its columns are.

    Attributes:
        features: by name.
        outputs: by ``prediction``, ``score`` and ``entropy``.
        times: event times in seconds since 1970, None where there are none.
        ids: one a row.
    """

    features: Columns
    outputs: Columns
    times: np.ndarray | None
    ids: Sequence[str] | np.ndarray


class Roles:
    """What each column is.

    Args:
        baseline: what the table is compared with.
        time: column of the event time, or the times themselves.
        outputs: column of ``prediction`` and ``score``, None for the one that the baseline names.
        probabilities: columns of class probabilities.
        ids: column of ids; None for the numbers of rows.
    """

    def __init__(
        self,
        baseline: Baseline,
        time: Any,
        outputs: dict[str, str | None],
        probabilities: tuple[str, ...],
        ids: str | None,
    ) -> None:
        self._features = {v.name: None for v in baseline.variables if v.subject == "feature" and v.source is None}
        made = [variable for variable in baseline.variables if variable.subject in OUTPUTS]
        self._outputs = {v.name: outputs.get(v.subject) or v.source or v.name for v in made}
        self._probabilities = probabilities
        self._required = [name for name in (*outputs.values(), *probabilities) if name is not None]
        self._time = time if isinstance(time, str) else None
        self._times = None if time is None or isinstance(time, str) else event_times(column_array(time))
        self._ids = ids
        self._asked = {**outputs, "entropy": ", ".join(probabilities) or None}
        self._known = {variable.subject for variable in made}
        self._rows = 0
        self._has_entropy = bool(probabilities)
        self._treated = [name for name, mark in baseline.treated.items() if not mark.startswith("name")]

    def parts(self, columns: Columns, rows: int) -> Parts:
        """Sorts the columns of the next chunk.

        Raises:
            CheckError: a column that was named is not there, or none of those that the baseline has.
        """
        for name in (*self._required, self._time, self._ids):
            if name is not None and name not in columns:
                raise CheckError(f"there is no column {name!r}: there are {_names(columns)}")
        outputs = {name: columns[column] for name, column in self._outputs.items() if column in columns}
        if self._probabilities:
            matrix = [to_numbers(columns[name], "numeric").values for name in self._probabilities]
            outputs["entropy"] = entropy(np.column_stack(matrix))
        self._has_entropy |= "entropy" in outputs
        if rows and not self._rows:
            self._check_shared(columns, outputs)
        others = {*self._outputs.values(), *self._probabilities, self._time, self._ids} - self._features.keys()
        features = {name: column for name, column in columns.items() if name not in others}
        ids = RowNumbers(self._rows, rows) if self._ids is None else columns[self._ids]
        found = Parts(features, outputs, self._event_times(columns, rows), ids)
        self._rows += rows
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What was asked for and cannot be compared, and what could be and was not asked for."""
        found = [
            f"the baseline has no {role}, so that {column} is compared with nothing"
            for role, column in self._asked.items()
            if column is not None and role not in self._known
        ]
        if self._rows and "entropy" in self._known and not self._has_entropy:
            found.append(
                "the entropy of the baseline is compared with nothing: name the columns of class probabilities"
            )
        if self._rows and self._treated:
            found.append(
                f"the fit hashed or rounded {_names(self._treated)}, and values are compared as they come here: "
                "treat them alike, or use otel-ml check"
            )
        return tuple(found)

    def _event_times(self, columns: Columns, rows: int) -> np.ndarray | None:
        if self._time is not None:
            return event_times(columns[self._time])
        if self._times is None:
            return None
        times = self._times[self._rows : self._rows + rows]
        if len(times) < rows:
            raise CheckError(f"there are {len(self._times):,} times for more rows")
        return times

    def _check_shared(self, columns: Columns, outputs: Columns) -> None:
        """A table of something else would be one of nulls only, and few of them raise no alarm."""
        known = [*self._features, *self._outputs.values()]
        if known and not outputs and not self._features.keys() & columns.keys():
            hint = "".join(f"; {theirs!r} seems to be {ours!r}" for ours, theirs in renamed(known, columns)[:_HINTS])
            raise CheckError(
                f"no column is one of the baseline, which has {_names(known)}: there are {_names(columns)}{hint}"
            )


class RowNumbers(Sequence[str]):
    """The numbers of rows as texts, made when one is asked for."""

    def __init__(self, first: int, rows: int) -> None:
        self._first, self._rows = first, rows

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> RowNumbers: ...

    def __getitem__(self, index: int | slice) -> str | RowNumbers:
        if isinstance(index, slice):
            start, stop, _ = index.indices(self._rows)
            return RowNumbers(self._first + start, stop - start)
        if not 0 <= index < self._rows:
            raise IndexError(index)
        return str(self._first + index)

    def __iter__(self) -> Iterator[str]:
        return (str(number) for number in range(self._first, self._first + self._rows))


def event_times(column: np.ndarray) -> np.ndarray:
    """Converts a column of dates, texts in ISO 8601 or seconds since 1970 into seconds; NaN where it is none of these."""
    dates = to_numbers(column, "datetime").values
    if column.dtype.kind in "MU":
        return dates
    return np.where(np.isnan(dates), to_numbers(column, "numeric").values, dates)


def _names(found: Iterable[str]) -> str:
    names = list(found)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name[:60]) for name in names[:_SHOWN]) + more if names else "none"

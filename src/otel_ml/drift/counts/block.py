"""Some rows, and the values of each variable in them, converted once however many need them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.columns import Numbers, bare, to_numbers
from otel_ml.drift.text import non_letters, unseen_tokens

if TYPE_CHECKING:
    from otel_ml.drift.projections import Projector
    from otel_ml.drift.variables import Variable

OUTPUTS: Final = frozenset({"prediction", "score", "entropy"})
"""Subjects of what the model made of a row."""


class Block:
    """Rows by column.

    Args:
        columns: features by name; of each, the rows from `start` to `stop` are meant.
        outputs: by variable name, or None if they are among the columns.
        start: first row.
        stop: behind the last row.
        projector: makes the values of subject multivariate.
        numeric: features that are known as numbers already, all rows of the block.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray] | None,
        start: int,
        stop: int,
        projector: Projector | None,
        numeric: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.rows = stop - start
        self._columns = columns
        self._outputs = columns if outputs is None else outputs
        self._slice = slice(start, stop)
        self._projector = projector
        self._projected: dict[str, np.ndarray] | None = None
        self._numeric = {name: Numbers(values) for name, values in (numeric or {}).items()}

    def column(self, variable: Variable) -> np.ndarray | None:
        """Returns the values that a variable is made from; None if nobody gave them."""
        if variable.subject in OUTPUTS:
            found = self._outputs.get(variable.name)
        else:
            found = self._columns.get(variable.source or variable.name)
        return None if found is None else bare(found[self._slice])

    def numbers(self, variable: Variable) -> Numbers | None:
        """Returns a variable of a kind that lies along a line as numbers; None if nobody gave them."""
        if variable.subject == "multivariate" and self._projector is not None:
            found = self._project(self._projector).get(variable.name)
            return None if found is None else Numbers(found)
        feature = variable.subject == "feature" and variable.derivation is None
        if feature and variable.name in self._numeric:
            return self._numeric[variable.name]
        column = self.column(variable)
        if column is None:
            return None
        if variable.derivation == "unseen_tokens":
            return Numbers(unseen_tokens(column, variable.vocabulary))
        if variable.derivation == "non_letters":
            return Numbers(non_letters(column))
        numbers = to_numbers(column, variable.kind)
        if feature and self._projector is not None:
            self._numeric[variable.name] = numbers
        return numbers

    def _project(self, projector: Projector) -> dict[str, np.ndarray]:
        """Projects the features; nothing if there is none of them."""
        if self._projected is None:
            matrix = np.full((self.rows, len(projector.features)), np.nan)
            given = False
            for index, name in enumerate(projector.features):
                found = self._numeric.get(name)
                if found is None and name in self._columns:
                    found = to_numbers(self._columns[name][self._slice], "numeric")
                if found is not None:
                    matrix[:, index] = found.values
                    given = True
            self._projected = dict(zip(projector.names, projector(matrix).T, strict=True)) if given else {}
        return self._projected


def numbers_of_rows(rows: Iterable[Sequence[Any]], positions: Sequence[int]) -> np.ndarray | None:
    """Reads the values at some positions of each row at once, in one pass.

    Args:
        rows: of plain Python values.
        positions: in a row; at least one.

    Returns:
        float64 of shape (rows, positions) with NaN for None; None if a value is no number, or beyond float.
    """
    cells = map(itemgetter(*positions), rows)
    values = list(chain.from_iterable(cells)) if len(positions) > 1 else list(cells)
    try:  # an array of doubles takes what is a number, and never a text
        found = array("d", values)
    except (TypeError, OverflowError):
        try:
            found = array("d", [np.nan if value is None else value for value in values])
        except (TypeError, OverflowError):
            return None
    return np.frombuffer(found, dtype=np.float64).reshape(-1, len(positions))


def object_column(values: Sequence[Any]) -> np.ndarray:
    """Returns Python values as a column, whatever they are."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column

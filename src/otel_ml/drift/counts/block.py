"""Some rows, and the values of each variable in them, converted once however many need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift.counts.columns import Numbers, bare, to_numbers
from otel_ml.drift.text import non_letters, unseen_tokens
from otel_ml.drift.variables import OUTPUTS, Variable

if TYPE_CHECKING:
    from otel_ml.drift.projections import Projector


class Block:
    """Rows by column.

    Args:
        columns: features by name; of each, the rows from `start` to `stop` are meant.
        outputs: by variable name, or None if they are among the columns.
        start: first row.
        stop: behind the last row.
        projector: makes the values of subject multivariate.
        names: of features that are known as numbers already.
        matrix: their numbers, float64 of shape (rows, names): rows of the block only.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray] | None,
        start: int,
        stop: int,
        projector: Projector | None,
        names: Sequence[str] = (),
        matrix: np.ndarray | None = None,
    ) -> None:
        self.rows = stop - start
        self._columns = columns
        self._outputs = columns if outputs is None else outputs
        self._slice = slice(start, stop)
        self._projector = projector
        self._projected: dict[str, np.ndarray] | None = None
        self.names = names if matrix is not None else ()
        self.matrix = matrix
        self._numeric: dict[str, Numbers] = {}

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
        column = self.column(variable)
        if column is None:
            return None
        if variable.derivation == "unseen_tokens":
            return Numbers(unseen_tokens(column, variable.vocabulary))
        if variable.derivation == "non_letters":
            return Numbers(non_letters(column))
        numbers = to_numbers(column, variable.kind)
        if self._projector is not None and variable.subject == "feature":
            self._numeric[variable.name] = numbers
        return numbers

    def _project(self, projector: Projector) -> dict[str, np.ndarray]:
        """Projects the features; nothing if there is none of them."""
        if self._projected is None:
            matrix = self._features_of(projector)
            self._projected = {} if matrix is None else dict(zip(projector.names, projector(matrix).T, strict=True))
        return self._projected

    def _features_of(self, projector: Projector) -> np.ndarray | None:
        """The features that are projected, of shape (rows, features); None if nobody gave any of them."""
        if self.matrix is not None and tuple(self.names) == projector.features:
            return self.matrix
        known = {} if self.matrix is None else dict(zip(self.names, self.matrix.T, strict=True))
        matrix = np.full((self.rows, len(projector.features)), np.nan)
        given = False
        for index, name in enumerate(projector.features):
            found = known.get(name)
            if found is None and name in self._numeric:
                found = self._numeric[name].values
            if found is None and name in self._columns:
                found = to_numbers(self._columns[name][self._slice], "numeric").values
            if found is not None:
                matrix[:, index] = found
                given = True
        return matrix if given else None

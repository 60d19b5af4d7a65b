"""How counts are laid out: a matrix with a row for each variable of the baseline, the same for every reader of counts.

The first columns are the reserved ones below, then come the variable's bins, then padding up to the widest variable.
A value is in exactly one of NULL, TYPE and the bins, so these add up to the rows. RANGE, UNSEEN and NON_FINITE tell more
of a value that is in a bin already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from otel_ml.drift.variables import Variable

NULL: Final = 0
"""None, NaN, NaT, or a feature that the row did not have."""

TYPE: Final = 1
"""A value of another type than the variable's: a text where a number is due."""

RANGE: Final = 2
"""A number outside of the constraints' range, a negative one where none is allowed, a fraction where an integer is due."""

UNSEEN: Final = 3
"""A category that the training data did not have, or that the constraints do not allow."""

NON_FINITE: Final = 4
"""Plus or minus infinity. It lies in the last or the first bin."""

FIRST: Final = 5
"""The column of bin 0; of a masked variable, that of every value, so that its rows are known."""

RARE: Final[dict[str, int]] = {"null": NULL, "type": TYPE, "range": RANGE, "unseen": UNSEEN, "non_finite": NON_FINITE}
"""The events that have an alarm of their own, by the name of their ``ml.violation.type``."""


def width(variables: Sequence[Variable]) -> int:
    """Columns of the count matrix of these variables."""
    return FIRST + max((max(len(variable.counts), 1) for variable in variables), default=0)


def reference(variables: Sequence[Variable]) -> np.ndarray:
    """The baseline's own counts in this layout.

    Returns:
        int64 of shape (variables, width): NULL, TYPE, NON_FINITE and the bins; nothing was out of range or unseen.
    """
    counts = np.zeros((len(variables), width(variables)), dtype=np.int64)
    for row, variable in zip(counts, variables, strict=True):
        row[NULL] = variable.nulls
        row[TYPE] = variable.wrong_type
        row[NON_FINITE] = variable.infinite
        row[FIRST : FIRST + len(variable.counts)] = variable.counts
        if variable.kind == "masked":
            row[FIRST] = variable.values - variable.wrong_type
    return counts


def bins(variables: Sequence[Variable]) -> np.ndarray:
    """Which columns are bins of which variable.

    Returns:
        bool of shape (variables, width).
    """
    found = np.zeros((len(variables), width(variables)), dtype=bool)
    for row, variable in zip(found, variables, strict=True):
        row[FIRST : FIRST + len(variable.counts)] = True
    return found


def rows_of(counts: np.ndarray) -> np.ndarray:
    """Counts the rows of each variable: a value is a null, of another type, or in a bin.

    Args:
        counts: in this layout, shape (..., width).

    Returns:
        Shape (...).
    """
    rows: np.ndarray = counts[..., NULL] + counts[..., TYPE] + counts[..., FIRST:].sum(-1)
    return rows

"""Rows of plain Python values that came one by one, read together."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np


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


def object_column(rows: Iterable[Sequence[Any]], position: int) -> np.ndarray:
    """Returns the values at one position of each row as a column, whatever they are."""
    values = [row[position] for row in rows]
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column

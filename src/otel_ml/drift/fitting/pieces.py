"""Pieces of a column, put together without changing what its values are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def together(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """One array of several: numbers become as wide as needed, and what does not go together an array of objects.

    >>> together([np.array([1, 2]), np.array(["x"])])
    array([1, 2, 'x'], dtype=object)
    """
    if len(pieces) == 1:
        return pieces[0]
    kinds = {piece.dtype.kind for piece in pieces}
    if len(kinds) == 1 or kinds <= {"i", "u", "f"}:
        return np.concatenate(pieces)
    return np.concatenate([_objects(piece) for piece in pieces])


def nulls(rows: int) -> np.ndarray:
    """A column of nothing."""
    return np.empty(rows, dtype=object)


def _objects(piece: np.ndarray) -> np.ndarray:
    if piece.dtype.kind not in "mM":
        return piece.astype(object)
    found = np.empty(len(piece), dtype=object)
    found[:] = list(piece)  # numpy's own conversion makes integers of nanoseconds
    return found

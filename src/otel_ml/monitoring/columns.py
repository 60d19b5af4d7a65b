"""Python values as a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def object_column(values: Sequence[Any]) -> np.ndarray:
    """Values of any type, as they are."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column

"""Bounds on what one call may cost, whatever the caller passes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_TEXT: Final = 1_024
"""Characters above which a string is described by its length instead of kept."""

MAX_ITEMS: Final = 64
"""Items above which a sequence inside a row is described instead of flattened."""

MAX_NAME: Final = 1_024
"""Characters kept of a feature's name."""

MAX_INT_BITS: Final = 1_024
"""Integers above this size do not fit a float and can take seconds to print: they are described."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep, how wide and how much of one input is read."""

    max_depth: int = 3
    max_columns: int = 10_000
    copy_limit: int = 64 * 1024 * 1024
    sample_rows: int = 100


@lru_cache(maxsize=16)
def limits_of(max_depth: int, max_columns: int, copy_limit: int, sample_rows: int) -> Limits:
    """Returns the one `Limits` of these figures, so that a call does not build its own."""
    return Limits(max_depth, max_columns, copy_limit, sample_rows)

"""Whether nulls are more than a baseline allows."""

from __future__ import annotations

import math
from typing import Final

LEVEL: Final = 0.001
"""How often chance may make it seem so where the share of nulls is just what is allowed."""


def has_too_many_nulls(nulls: int, rows: int, completeness: float) -> bool:
    """Whether so many nulls are more than `completeness` allows, and more than chance explains.

    Where just that share of values is null in truth, a sample of a few rows has more of them every other time. So the
    divergence of the share that is seen from the one that is allowed has to be beyond ``log(1 / LEVEL)`` over the rows
    (Chernoff's bound of a binomial distribution).

    Args:
        nulls: among the rows.
        rows: at least `nulls`.
        completeness: least share of values that are not null, 0 to 1.

    >>> has_too_many_nulls(14, 92, 0.848), has_too_many_nulls(40, 92, 0.848)
    (False, True)
    >>> has_too_many_nulls(1, 1_000_000, 1.0), has_too_many_nulls(10, 10, 0.0)
    (True, False)
    """
    allowed, share = 1 - completeness, nulls / max(rows, 1)
    if share <= allowed:
        return False
    if allowed <= 0:
        return True
    divergence = share * math.log(share / allowed)
    if share < 1:
        divergence += (1 - share) * math.log((1 - share) / (1 - allowed))
    return rows * divergence > -math.log(LEVEL)

"""Columns read in place become a batch: copied, or sampled when a copy would be too large."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from otel_ml.observation.batches import Batch
from otel_ml.observation.columns import Column
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names
from otel_ml.observation.rows import Row, make_row

if TYPE_CHECKING:
    import numpy as np

# The operating system's entropy: a seeded program neither repeats our samples nor has its own sequence moved.
_random: Final = random.SystemRandom()


def store(
    names: Names, columns: Sequence[Column], size: int, limits: Limits, dropped: int = 0, *, own: bool = False
) -> Row | Batch:
    """Keeps `columns` of `size` rows, which may still be views of the caller's memory unless `own` says otherwise.

    Returns:
        A row if there is just one, else a batch: complete up to `copy_limit` bytes, a uniform sample of
        `sample_rows` rows with exact counts above.
    """
    import numpy as np

    if size == 1:
        first = np.zeros(1, dtype=np.int64)
        return make_row(names, [column.pick(first)[0] for column in columns], dropped)
    if sum([column.nbytes for column in columns]) <= limits.copy_limit:
        return Batch(names, columns if own else [column.copy() for column in columns], size, dropped=dropped)
    positions = sample(size, limits.sample_rows)
    return Batch(
        names,
        [column.take(positions) for column in columns],
        size,
        dropped=dropped,
        positions=positions,
        nulls=np.array([column.nulls() for column in columns], dtype=np.int64),
        invalid=np.array([column.invalid() for column in columns], dtype=np.int64),
    )


def sample(size: int, count: int) -> np.ndarray:
    """Draws `count` of `size` positions uniformly, without replacement, in ascending order."""
    import numpy as np

    return np.array(sorted(_random.sample(range(size), min(count, size))), dtype=np.int64)

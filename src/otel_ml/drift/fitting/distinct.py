"""About how many different values there were, from the smallest hashes among them."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np

from otel_ml.drift.hashing import mixed as mixed

KEPT: Final = 1_024


class Distinct:
    """Counts different values by the k smallest of their hashes: the closer they lie to 0, the more values there are.

    Exact below k = 1,024 values; above, the estimate has a relative standard error of 1/sqrt(k - 2), 3.1%. The order of
    values does not matter, and merging is exact. Source: Bar-Yossef et al., Counting distinct elements in a data
    stream, RANDOM 2002; Beyer et al., On synopses for distinct-value estimation, SIGMOD 2007.

    >>> seen = Distinct()
    >>> seen.add(np.arange(300.0))
    >>> seen.add(np.arange(100.0, 400.0))
    >>> seen.estimate
    400
    """

    def __init__(self) -> None:
        self._hashes = np.empty(0, dtype=np.uint64)

    def add(self, values: np.ndarray) -> None:
        """Counts float64 values that are not NaN."""
        self._keep(mixed(values.view(np.uint64)))

    def add_texts(self, texts: list[str]) -> None:
        """Counts texts."""
        checks = [crc32(text.encode("utf-8", "surrogatepass")) for text in texts]
        self._keep(mixed(np.array(checks, dtype=np.uint64)))

    def merge(self, other: Distinct) -> None:
        """Counts what the other has counted, too."""
        self._keep(other._hashes)

    @property
    def estimate(self) -> int:
        """How many different values there were."""
        if len(self._hashes) < KEPT:
            return len(self._hashes)
        return round((KEPT - 1) / ((float(self._hashes[-1]) + 1) / 2**64))

    def _keep(self, hashes: np.ndarray) -> None:
        if len(self._hashes) == KEPT:
            hashes = hashes[hashes < self._hashes[-1]]
        if len(hashes):
            self._hashes = np.unique(np.concatenate([self._hashes, hashes]))[:KEPT]

"""What the alarm looks at when a step has closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Look:
    """The last steps, summed over look-backs.

    Attributes:
        look_backs: lengths in steps, ascending, shape (L,).
        counts: in the layout of the baseline, shape (L, p, W), int64.
        reference: what they are compared with: shape (1, p, W), or (L, p, W) if each has its own.
    """

    look_backs: np.ndarray
    counts: np.ndarray
    reference: np.ndarray

    @classmethod
    def of(cls, sums: Mapping[int, np.ndarray], reference: np.ndarray | Mapping[int, np.ndarray]) -> Look:
        """From sums by look-back, and a reference for all or by look-back."""
        look_backs = sorted(sums)
        own = [reference[look_back] for look_back in look_backs] if isinstance(reference, Mapping) else [reference]
        return cls(np.array(look_backs), np.stack([sums[look_back] for look_back in look_backs]), np.stack(own))

    def longest(self, steps: np.ndarray) -> np.ndarray:
        """Index of the longest look-back within each number of steps; -1 where there is none."""
        return np.searchsorted(self.look_backs, steps, side="right") - 1

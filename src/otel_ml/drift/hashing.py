"""Bits that are the same in every process, and look like chance."""

from __future__ import annotations

import numpy as np


def mixed(bits: np.ndarray) -> np.ndarray:
    """Spreads 64-bit patterns evenly, one to one: the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    found: np.ndarray = bits + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found ^= found >> np.uint64(shift)
        found *= np.uint64(factor)
    found ^= found >> np.uint64(31)
    return found

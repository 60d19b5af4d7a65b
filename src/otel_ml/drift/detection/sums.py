"""Evidence over several look-backs as one: the sum of its e-values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

MARGIN: Final = 2.0
"""A look-back that falls short of its part of a threshold by this much, in logs, changes little."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By stream.

    Attributes:
        log: log of the sum of the e-values that matter; minus infinity where none does.
        at: index of the look-back with the largest.
    """

    log: np.ndarray
    at: np.ndarray


def summed(logs: np.ndarray) -> Evidence:
    """Sum over the first axis, the look-backs.

    It is at most the Shiryaev-Roberts sum over all beginnings in the past, whose expectation grows by at most 1 a step
    while nothing drifts. (Shin, Ramdas, Rinaldo, E-detectors, 2022.)
    """
    return Evidence(np.logaddexp.reduce(logs, axis=0), logs.argmax(0))


def negligible(look_backs: int) -> float:
    """How far below the threshold of a sum one of its terms can be left out."""
    return float(np.log(look_backs)) + MARGIN

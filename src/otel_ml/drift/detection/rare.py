"""Evidence that an event happens more often than what does not matter; or less often."""

from __future__ import annotations

from typing import Final

import numpy as np

STEPS: Final = np.array([0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
"""How far the alternatives are from the limit, in log odds."""


def log_evidence_rare(hits: np.ndarray, rows: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Log e-values against "the share of an event is between two limits".

    A mean of likelihood ratios: of larger shares to the upper limit, and of smaller ones to the lower limit. Each has an
    expectation of at most 1 under every share between the limits, also if it differs from row to row.

    Args:
        hits: rows with the event, any shape.
        rows: all of them.
        upper: shares up to this one do not matter. One of 1 or more leaves nothing to be found above.
        lower: shares from this one on do not matter. One of 0 or less leaves nothing to be found below.

    Returns:
        The shape that they broadcast to.

    >>> found = log_evidence_rare(np.array(30), np.array(1000), np.array(0.003), np.array(0.0))
    >>> round(float(found))
    39
    """
    above = np.where(upper < 1.0, _against(hits, rows, upper), -np.inf)
    below = np.where(lower > 0.0, _against(rows - hits, rows, 1.0 - lower), -np.inf)
    sides = np.maximum((upper < 1.0).astype(np.float64) + (lower > 0.0), 1.0)
    return np.logaddexp(above, below) - np.log(sides)


def _against(hits: np.ndarray, rows: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Log of the mean likelihood ratio of larger shares to the limit."""
    bounded = np.clip(limit, 0.0, 1.0)[..., None]
    odds = np.exp(STEPS)
    # Odds times o make of a share p the share p o / (1 - p + p o).
    ratios = np.asarray(hits)[..., None] * STEPS - np.asarray(rows)[..., None] * np.log(1.0 - bounded + bounded * odds)
    top = ratios.max(-1, keepdims=True)
    return np.asarray((top + np.log(np.exp(ratios - top).mean(-1, keepdims=True)))[..., 0])

"""How a window differs from its reference, in terms that a person can act on."""

from __future__ import annotations

from typing import Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.detection.tolerance import noise_quantile, share_bounds

MOST_MOVED: Final = 5
"""Bins that are named at most."""

NOTABLE: Final = 3.0
"""A bin has moved when it is off by as many standard errors."""

ONE_SIDED: Final = 0.5
"""A drift has a direction when it explains this much of what moved."""


def effect(counts: np.ndarray, shares: np.ndarray, reference_rows: float) -> float:
    """The total variation from the reference's source that the source of these counts has at least, to 99.9%."""
    rows = float(counts.sum())
    if not rows:
        return 0.0
    size = rows * reference_rows / (rows + reference_rows)
    return max(0.0, distance(counts, shares) - float(noise_quantile(shares, np.asarray(size))))


def event_effect(hits: float, rows: float, share: float) -> float:
    """How far the share of an event is from the reference's at least, to 99.9%."""
    low, high = share_bounds(np.asarray(hits), np.asarray(rows))
    return max(0.0, float(low) - share, share - float(high))


def distance(counts: np.ndarray, shares: np.ndarray) -> float:
    """Total variation."""
    rows = counts.sum()
    return float(0.5 * np.abs(counts / rows - shares).sum()) if rows else 0.0


def moved(counts: np.ndarray, shares: np.ndarray) -> tuple[int, ...]:
    """Columns of the layout that are off by more than noise, the farthest first; at least one."""
    rows = max(counts.sum(), 1.0)
    off = np.abs(counts / rows - shares)
    order = np.argsort(-off, kind="stable")[:MOST_MOVED]
    notable = off[order] > NOTABLE * np.sqrt(shares[order] / rows)
    notable[0] = True
    return tuple(int(place) + layout.FIRST for place in order[notable])


def direction(counts: np.ndarray, shares: np.ndarray, ordered: bool) -> str:
    """Where the mass went: up, down, wider, narrower; mixed, if no one of them says it, or for categories."""
    if not ordered:
        return "mixed"
    off = counts / max(counts.sum(), 1.0) - shares
    rank = 2.0 * (shares.cumsum() - shares / 2) - 1.0  # -1 to 1 under the reference
    spread = 2.0 * np.abs(rank) - 1.0
    scale = np.abs(off).sum()
    if not scale:
        return "mixed"
    location, width = float(off @ rank) / scale, float(off @ spread) / scale
    if max(abs(location), abs(width)) < ONE_SIDED / 2:
        return "mixed"
    if abs(location) >= abs(width):
        return "up" if location > 0 else "down"
    return "wider" if width > 0 else "narrower"

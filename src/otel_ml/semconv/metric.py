"""What an instrument is created from."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """One metric of the registry.

    Attributes:
        name: as it is emitted.
        unit: in UCUM.
        description: one sentence.
        instrument: `counter`, `updowncounter`, `gauge` or `histogram`.
        boundaries: upper bounds of a histogram's buckets in `unit`, ascending; None for other instruments.
    """

    name: str
    unit: str
    description: str
    instrument: str
    boundaries: tuple[float, ...] | None = None

"""Sums over many time series, and percentiles over many durations, both in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from otel_ml.service.records import Point

MAX_SERIES = 100_000


class SeriesTotals:
    """Adds up the newest points of time series by group.

    A cumulative point replaces the one before it in its series, a delta point is added. Series of processes that have
    ended stay in the sum, as they would in a counter's sum in any backend. Counts that go back began anew, as those of a
    process that was restarted behind something that does not tell when they began.

    Args:
        since: Nanoseconds since 1970. A series that began to count earlier counts from its first point here on, so
            that the totals are of this time; 0 takes all that was ever counted.
        max_series: Cumulative series to remember. Points of further ones are left out and counted in `refused`:
            a total that is said to be low beats one that is silently wrong.
    """

    def __init__(self, since: int = 0, max_series: int = MAX_SERIES) -> None:
        self.refused = 0
        self._since = since
        self._max_series = max_series
        self._newest: dict[Hashable, tuple[int, tuple[float, ...]]] = {}
        self._totals: dict[Hashable, list[float]] = {}

    def add(self, group: Hashable, point: Point, values: tuple[float, ...]) -> bool:
        """Counts a point; all values of a group have the same length.

        Returns:
            Whether the point told something new: not a repetition and not out of order.
        """
        if group not in self._totals and len(self._totals) >= self._max_series:
            self.refused += 1
            return False
        if point.temporality == "delta":
            before: tuple[float, ...] = (0,) * len(values)
        else:
            series = point.series
            known = self._newest.get(series)
            if known is None and len(self._newest) >= self._max_series:
                self.refused += 1
                return False
            first = values if point.start < self._since else (0,) * len(values)
            time, before = known or (-1, first)
            if point.time <= time or len(before) != len(values):
                return False
            self._newest[series] = (point.time, values)
            if any(new < old for new, old in zip(values, before, strict=True)):
                before = (0,) * len(values)
        totals = self._totals.setdefault(group, [0] * len(values))
        for index, (new, old) in enumerate(zip(values, before, strict=True)):
            totals[index] += new - old
        return before is values or any(new != old for new, old in zip(values, before, strict=True))

    def items(self) -> Iterable[tuple[Any, list[float]]]:
        """The groups with their totals."""
        return self._totals.items()


class Tally(Counter[str]):
    """Counts by name, with a cap on names: those that come later are counted together as `OTHER`."""

    OTHER = "(other)"

    def __init__(self, cap: int) -> None:
        super().__init__()
        self._cap = cap

    def add(self, name: str, amount: float = 1) -> None:
        """Counts `amount` more of a name."""
        if name not in self and len(self) >= self._cap:
            name = self.OTHER
        self[name] += amount  # type: ignore[assignment]  # typeshed knows Counters of int only


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latency in seconds. `source` says what was measured: `spans`, or the buckets of `histogram` (coarser)."""

    count: int
    p50: float
    p90: float
    p99: float
    source: str


class Durations:
    """Percentiles of durations to 1%, in at most about 1,500 counters.

    Buckets grow by 2%, as in DDSketch (Masson, Rim, Lee 2019), and cover 100 ns to about a day.
    """

    _GROWTH = math.log(1.02)
    _LOWEST = 1e-7
    _LAST = 1_400

    def __init__(self) -> None:
        self.count = 0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Counts one duration."""
        bucket = math.ceil(math.log(max(seconds, self._LOWEST) / self._LOWEST) / self._GROWTH)
        self._buckets[min(bucket, self._LAST)] += 1
        self.count += 1

    def percentiles(self) -> Percentiles | None:
        """The percentiles, None without data."""
        if not self.count:
            return None
        p50, p90, p99 = (self._quantile(q) for q in (0.5, 0.9, 0.99))
        return Percentiles(self.count, p50, p90, p99, "spans")

    def _quantile(self, q: float) -> float:
        rank = math.ceil(q * self.count)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                break
        return self._LOWEST * math.exp((bucket - 0.5) * self._GROWTH)


def bucket_percentiles(bounds: tuple[float, ...], buckets: list[float]) -> Percentiles | None:
    """Percentiles of a histogram, by linear interpolation within a bucket as Prometheus does it.

    Args:
        bounds: Upper bounds, ascending; in seconds.
        buckets: Counts, one more than bounds. What lies above the last bound reads as that bound.
    """
    count = sum(buckets)
    if count <= 0 or not bounds:
        return None

    def quantile(q: float) -> float:
        rank, below, lower = q * count, 0.0, 0.0
        for upper, inside in zip(bounds, buckets, strict=False):
            if inside > 0 and below + inside >= rank:
                return lower + (upper - lower) * (rank - below) / inside
            below, lower = below + inside, upper
        return bounds[-1]

    return Percentiles(int(count), quantile(0.5), quantile(0.9), quantile(0.99), "histogram")

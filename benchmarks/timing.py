"""Measure contenders in turn: A B C, A B C, …, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender, Predict

WARM_CALLS = 20
CALLS_PER_COLLECTION = 6_000
"""100 predictions a second and the SDK's default interval of a minute."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round of calls cost, in microseconds.

    Attributes:
        caller: CPU time of the calling thread, a call.
        wall: what a clock on the wall shows for it, a call.
        processed: CPU time of the whole process, a call: background threads and the encoding of spans and events included.
        collection: CPU time of collecting and encoding the metrics once.
    """

    caller: float
    wall: float
    processed: float
    collection: float

    @property
    def total(self) -> float:
        """CPU time of the whole process, a call, with its share of a metric collection."""
        return self.processed + self.collection / CALLS_PER_COLLECTION


class Costs:
    """The rounds of all contenders."""

    def __init__(self, names: Sequence[str]) -> None:
        self._rounds: dict[str, list[Cost]] = {name: [] for name in names}

    def add(self, name: str, cost: Cost) -> None:
        """One more round of a contender."""
        self._rounds[name].append(cost)

    @property
    def names(self) -> list[str]:
        """The contenders, in their order."""
        return list(self._rounds)

    def median(self, name: str, figure: str) -> float:
        """The median of a figure over a contender's rounds."""
        return statistics.median(self._figures(name, figure))

    def ratio(self, name: str, other: str, figure: str) -> float:
        """The median of the ratio of two contenders' figures within one round: what slows a round down slows both."""
        pairs = zip(self._figures(name, figure), self._figures(other, figure), strict=True)
        return statistics.median([mine / theirs for mine, theirs in pairs])

    def _figures(self, name: str, figure: str) -> list[float]:
        return [getattr(cost, figure) for cost in self._rounds[name]]


def compare(
    contenders: Sequence[Contender], model: Any, data: Any, features: tuple[str, ...], *, calls: int, rounds: int
) -> Costs:
    """Call each contender `calls` times a round, `rounds` times in turn.

    Args:
        contenders: who takes part.
        model: what they watch.
        data: what is predicted, the same each time.
        features: names of its columns.
        calls: a round; fewer than the SDK's queues hold, or it would drop instead of encode.
        rounds: of which medians are taken.
    """
    costs = Costs([contender.name for contender in contenders])
    for _ in range(rounds):
        for contender in contenders:
            predict = contender.switch_on(model, features)
            try:
                costs.add(contender.name, measure(contender, predict, data, calls))
            finally:
                contender.switch_off()
    return costs


def measure(contender: Contender, predict: Predict, data: Any, calls: int) -> Cost:
    """One round of a contender that is switched on and warm afterwards."""
    for _ in range(min(WARM_CALLS, calls)):
        predict(data)
    contender.flush()
    contender.collect()
    gc.collect()
    cpu, wall, caller = time.process_time_ns(), time.perf_counter_ns(), time.thread_time_ns()
    for _ in range(calls):
        predict(data)
    caller, wall = time.thread_time_ns() - caller, time.perf_counter_ns() - wall
    contender.flush()
    processed = time.process_time_ns() - cpu
    collection = _cpu_time(contender.collect)
    return Cost(caller / calls / 1e3, wall / calls / 1e3, processed / calls / 1e3, collection / 1e3)


def _cpu_time(action: Callable[[], None]) -> int:
    began = time.process_time_ns()
    action()
    return time.process_time_ns() - began

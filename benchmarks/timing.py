"""Measure contenders in turn: A B C, A B C, …, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender

WARM_CALLS = 20
NANO = 1e-3  # ns in µs


@dataclass(frozen=True, slots=True)
class Cost:
    """What one contender costs: medians over its rounds, in microseconds.

    Attributes:
        name: of the contender.
        caller: CPU time of the calling thread, a call.
        wall: what a clock on the wall shows for it, a call.
        total: CPU time of the whole process, background threads and encoding included, a call; without metric collection.
        collection: CPU time of collecting and encoding the metrics once.
    """

    name: str
    caller: float
    wall: float
    total: float
    collection: float


def compare(
    contenders: Sequence[Contender],
    model: Any,
    data: Any,
    features: tuple[str, ...],
    *,
    calls: int,
    rounds: int,
) -> list[Cost]:
    """Call each contender `calls` times a round, `rounds` times in turn.

    Args:
        contenders: who takes part.
        model: what they watch.
        data: what is predicted, the same each time.
        features: names of its columns.
        calls: a round; fewer than the SDK's queues hold, or it would drop instead of encode.
        rounds: of which the medians are taken.
    """
    samples: dict[str, list[tuple[float, float, float, float]]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            samples[contender.name].append(_round(contender, model, data, features, calls))
    return [Cost(name, *map(statistics.median, zip(*rows, strict=True))) for name, rows in samples.items()]


def _round(
    contender: Contender, model: Any, data: Any, features: tuple[str, ...], calls: int
) -> tuple[float, float, float, float]:
    predict = contender.switch_on(model, features)
    try:
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
        total = time.process_time_ns() - cpu
        cpu = time.process_time_ns()
        contender.collect()
        collection = time.process_time_ns() - cpu
        return caller * NANO / calls, wall * NANO / calls, total * NANO / calls, collection * NANO
    finally:
        contender.switch_off()

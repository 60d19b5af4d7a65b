"""CPU time of the aggregator's own work on rows: counting them, and the beat that hands them on and looks for drift.

What else its thread does, spans and events, is most of its time and the same with a baseline or without: it varies by more
from one round to the next than a baseline adds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.contenders import Contender
from otel_ml import runtime
from otel_ml.signals.aggregator import Aggregator

WARM_CALLS = 600
"""More than wait to be counted together, so that all of it has run once."""


def own_work(
    contenders: Sequence[Contender],
    model: Any,
    data: Any,
    features: tuple[str, ...],
    *,
    calls: int,
    rounds: int,
    pause: float = 0.0,
) -> dict[str, list[float]]:
    """Measure contenders in turn, as `benchmarks.timing.compare` does.

    Args:
        contenders: who takes part, by name in the result; each is otel-ml.
        model: what they watch.
        data: what is predicted, the same each time.
        features: names of its columns.
        calls: a round.
        rounds: how many.
        pause: seconds between two calls.

    Returns:
        Microseconds a call of each contender, round by round.
    """
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            predict = contender.switch_on(model, features)
            try:
                for _ in range(min(WARM_CALLS, calls)):
                    predict(data)
                contender.flush()
                contender.collect()
                gc.collect()
                assert runtime.current is not None
                stopwatch = Stopwatch(runtime.current.aggregator)
                for _ in range(calls):
                    predict(data)
                    if pause:
                        time.sleep(pause)
                contender.flush()
                found[contender.name].append(stopwatch.nanoseconds / calls / 1e3)
            finally:
                contender.switch_off()
    return found


def added(found: dict[str, list[float]], contender: Contender, other: Contender) -> float:
    """The median of what one contender takes more than another within one round: what slows a round down slows both."""
    pairs = zip(found[contender.name], found[other.name], strict=True)
    return statistics.median([mine - theirs for mine, theirs in pairs])


class Stopwatch:
    """Runs while an aggregator counts rows or beats. Its own cost, under a microsecond a call, is the same for everyone.

    Attributes:
        nanoseconds: of CPU time so far.
    """

    def __init__(self, aggregator: Aggregator) -> None:
        self.nanoseconds = 0
        for name in ("_count_one", "_beat"):
            setattr(aggregator, name, self._timed(getattr(aggregator, name)))

    def _timed(self, work: Callable[..., None]) -> Callable[..., None]:
        def timed(*args: Any, **kwargs: Any) -> None:
            began = time.thread_time_ns()
            work(*args, **kwargs)
            self.nanoseconds += time.thread_time_ns() - began

        return timed

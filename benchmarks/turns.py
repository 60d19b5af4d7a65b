"""Jobs in turn, A B C, A B C, …: what slows one of them down slows all of them down."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Job = Callable[[], object]


class Turns:
    """CPU seconds of each job, round by round."""

    def __init__(self, seconds: Mapping[str, list[float]]) -> None:
        self._seconds = seconds

    def median(self, name: str) -> float:
        """Of a job, in seconds."""
        return statistics.median(self._seconds[name])

    def ratio(self, name: str, other: str) -> float:
        """The median of the ratio of two jobs' times within one round."""
        pairs = zip(self._seconds[name], self._seconds[other], strict=True)
        return statistics.median([mine / theirs for mine, theirs in pairs])


def in_turn(jobs: Mapping[str, Job], rounds: int, repeat: int = 1) -> Turns:
    """Runs each job once to warm up, and then in turn.

    Args:
        jobs: by name.
        rounds: of which medians are taken.
        repeat: times that a job runs in a round; its figure is of one of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(rounds):
        for name, job in jobs.items():
            gc.collect()
            began = time.process_time()
            for _ in range(repeat):
                job()
            seconds[name].append((time.process_time() - began) / repeat)
    return Turns(seconds)

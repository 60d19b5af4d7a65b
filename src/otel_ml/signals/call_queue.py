"""Finished calls that wait to be counted, bounded by rows and by bytes."""

from __future__ import annotations

import threading
from collections import deque

from otel_ml.signals.record import Call

HURRY = 8
"""A queue that is fuller than one part in so many is worked off at once: nothing waits for another operation then."""


class CallQueue:
    """Calls of many threads, for one that counts them.

    Args:
        max_rows: that may wait.
        max_bytes: that these may take.
    """

    def __init__(self, max_rows: int, max_bytes: int) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self.reset()

    def reset(self) -> None:
        """Empty, with a lock of its own: at first, and in a forked child."""
        self._calls: deque[Call] = deque()
        self._rows = 0
        self._bytes = 0
        self._lock = threading.RLock()  # held for a moment; a signal handler may interrupt whoever holds it

    def __bool__(self) -> bool:
        """Whether a call waits."""
        return bool(self._calls)

    @property
    def is_filling(self) -> bool:
        """Whether it is fuller than it is when whoever counts keeps up."""
        return self._rows > self._max_rows // HURRY or self._bytes > self._max_bytes // HURRY

    def append(self, call: Call) -> bool:
        """Take a call; False where there is no room."""
        with self._lock:
            fits = self._rows + call.rows <= self._max_rows and self._bytes + call.nbytes <= self._max_bytes
            if not fits and self._calls:  # one that is larger than the whole queue passes when nothing else is in it
                return False
            self._calls.append(call)
            self._rows += call.rows
            self._bytes += call.nbytes
        return True

    def next(self, due: float) -> Call | None:
        """Remove the oldest call, if it need not wait any more; None if there is no such call.

        Args:
            due: end of the last call that has waited long enough, on the monotonic clock.
        """
        with self._lock:
            if not self._calls:
                return None
            call = self._calls[0]
            # What is held for long is what Python's garbage collector walks again and again.
            if not (call.ended <= due or call.inference.settled or self.is_filling):
                return None
            self._calls.popleft()
            self._rows -= call.rows
            self._bytes -= call.nbytes
            return call

"""Pacing: neither flood the SDK's queue nor hold the interpreter.

The SDK's log queue drops silently when it is full (2,048 records by default; of 10,000 emitted at once 4,608 were seen to
leave), and a background thread that runs Python code makes a request wait up to the interpreter's switch interval (5 ms).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from opentelemetry.context import Context, attach, detach

SLICE = 0.0005
"""Seconds of our own code before others get the interpreter."""

PAUSE = 0.00005
DEFAULT_QUEUE_SIZE = 2048


class Pacer:
    """Counts what was emitted since the log provider was last flushed, and how long we have run without a pause.

    A flush takes as long as the exporter tries, 10 s and more while nobody answers. It runs in a thread of its own, so
    that counting and spans need not wait for it; events do.
    """

    def __init__(self, flush: Callable[[], object]) -> None:
        self._flush = flush
        self._budget = max(1, _queue_size() // 2)
        self.reset()

    def reset(self) -> None:
        """Nothing emitted, no flush under way: at first, and in a forked child."""
        self._emitted = 0
        self._resumed = time.perf_counter()
        self._flushed = threading.Event()
        self._flushed.set()

    def emitted(self) -> None:
        """One event was emitted. Starts to flush the provider when half of its queue is ours: no more may be emitted then."""
        self._emitted += 1
        if self._emitted >= self._budget:
            self._emitted = 0
            self._start_flush()
        self.breathe()

    def may_emit(self, timeout: float) -> bool:
        """Whether the last flush is done, within so many seconds."""
        return self._flushed.wait(timeout)

    def _start_flush(self) -> None:
        flushed = self._flushed
        flushed.clear()

        def run() -> None:
            try:
                self._flush()
            finally:
                flushed.set()

        thread = threading.Thread(target=run, name="otel-ml-pacer", daemon=True)
        token = attach(Context())  # the threading instrumentation would leave the thread in the context of one request
        try:
            thread.start()
        except RuntimeError:  # no more threads: at the end of the interpreter, from Python 3.12 on
            run()
        finally:
            detach(token)

    def breathe(self) -> None:
        """Let other threads run if this one has for half a millisecond."""
        if time.perf_counter() - self._resumed >= SLICE:
            time.sleep(PAUSE)
            self._resumed = time.perf_counter()


def _queue_size() -> int:
    try:
        return int(os.environ.get("OTEL_BLRP_MAX_QUEUE_SIZE", DEFAULT_QUEUE_SIZE))
    except ValueError:
        return DEFAULT_QUEUE_SIZE

"""Waking a thread from anywhere."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Wakeup:
    """Wakes the one thread that waits, or the next time it would.

    Setting a `threading.Event` takes a lock: a signal handler that does so while it interrupts another `set` waits for ever.
    A `SimpleQueue` may be used there.
    """

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wake the thread that waits, or let its next `wait` return at once."""
        if self._tokens.empty():
            self._tokens.put(None)

    def wait(self, timeout: float) -> None:
        """Wait until `set`, or so many seconds. What was set is not any more then."""
        try:
            self._tokens.get(timeout=timeout)
        except Empty:
            pass

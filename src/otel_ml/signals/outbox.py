"""Events that are ready to leave, in bounds, and handed to the log provider no faster than it takes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

from otel_ml.guard import guarded
from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.signals.drops import Drops
from otel_ml.signals.events import ALARMS, EventSink
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Notice, Prediction

MAX_NOTICES = 1000
DONE = object()


class Outbox:
    """Predictions whose events wait, and notices, which go first.

    Args:
        events: makes the events.
        pacer: says when the log provider takes one more.
        drops: told of predictions for which there is no room.
        max_rows: events that may wait.
        max_bytes: bytes of rows that may wait.
    """

    def __init__(self, events: EventSink, pacer: Pacer, drops: Drops, max_rows: int, max_bytes: int) -> None:
        self._events = events
        self._pacer = pacer
        self._drops = drops
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self.reset()

    def reset(self) -> None:
        """Empty, with locks of its own: at first, and in a forked child."""
        self._pending: deque[tuple[Prediction, int]] = deque()  # with the bytes that each holds
        self._notices: deque[Notice] = deque()
        self._rows = 0
        self._bytes = 0
        self._pacer.reset()
        # Around the sums: one thread may take while another one sends, or a signal handler may interrupt either.
        self._lock = threading.RLock()
        self._emit = threading.Lock()
        self._emitting: Iterator[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether a prediction's events wait."""
        return bool(self._pending)

    @property
    def has_notices(self) -> bool:
        """Whether an event waits that is no prediction's."""
        return bool(self._notices)

    def announce(self, notice: Notice) -> None:
        """Take an event that is no prediction's. Of a thousand that wait, one gives way: an alarm only to other alarms."""
        with self._lock:
            self._notices.append(notice)
            if len(self._notices) <= MAX_NOTICES:
                return
            del self._notices[next((at for at, one in enumerate(list(self._notices)) if one.name not in ALARMS), 0)]
        self._drops.add(MlDropReasonValues.EVENT_QUEUE, MlDropSignalValues.EVENT, 1)

    @guarded("outbox.take")
    def take(self, prediction: Prediction, nbytes: int) -> None:
        """Take a prediction that was counted; drop its events if there is no room."""
        rows = self._events.rows_of(prediction)
        fits = self._rows + rows <= self._max_rows and self._bytes + nbytes <= self._max_bytes
        if not rows:
            prediction.release()
        elif not fits and self._pending:
            self._drops.add(MlDropReasonValues.EVENT_QUEUE, MlDropSignalValues.EVENT, rows)
            prediction.release()
        else:
            self._book(rows, nbytes)
            self._pending.append((prediction, nbytes))

    def send(self, deadline: float, *, wait: bool = True) -> bool:
        """Emit what waits, as far as the log provider takes it before the deadline, or without any wait for it.

        Args:
            deadline: on the monotonic clock.
            wait: whether to wait for the provider, and for another thread that emits.

        Returns:
            Whether nothing is left.
        """

        def patience() -> float:
            return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX) if wait else 0.0

        if not self._emit.acquire(timeout=patience()):
            return False
        try:
            while self._notices or self._pending:
                if not self._pacer.may_emit(patience()) or time.monotonic() > deadline:
                    return False
                if self._notices:
                    with self._lock:
                        notice = self._notices.popleft()
                    self._say(notice)
                elif not self._emit_next(self._pending[0][0]):
                    prediction, nbytes = self._pending.popleft()
                    self._book(-self._events.rows_of(prediction), -nbytes)
                    prediction.release()
            return True
        finally:
            self._emit.release()

    def _book(self, rows: int, nbytes: int) -> None:
        with self._lock:
            self._rows += rows
            self._bytes += nbytes

    @guarded("outbox.notice")
    def _say(self, notice: Notice) -> None:
        self._events.notice(notice)
        self._pacer.emitted()

    @guarded("outbox.emit")
    def _emit_next(self, prediction: Prediction) -> bool:
        """Emit one more event of a prediction, which may have many; False when there is none left."""
        if self._emitting is None:
            self._emitting = self._events.emit(prediction)
        emitting, self._emitting = self._emitting, None  # given up, if it raises
        if next(emitting, DONE) is DONE:
            return False
        self._emitting = emitting
        self._pacer.emitted()
        return True

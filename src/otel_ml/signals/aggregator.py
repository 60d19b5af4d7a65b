"""The queue between the caller's thread and everything that can wait, and the one daemon thread behind it.

Calls wait here for a moment (LINGER), so that a second operation on the same rows can join its prediction. Then, in
micro-batches: counts and histograms first, so that metrics stay right when events can not leave; events after, paced so
that the SDK's own queue never overflows and no slice holds the interpreter for long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context, attach, detach

from otel_ml import guard
from otel_ml.config import Config
from otel_ml.guard import guarded
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.semconv.events import EVENT_ML_FEATURE_VIOLATION
from otel_ml.signals.counting import count_call
from otel_ml.signals.events import EventSink
from otel_ml.signals.metrics import Instruments, Series
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Call, Notice, Prediction
from otel_ml.signals.violations import Violations
from otel_ml.signals.wakeup import Wakeup

if TYPE_CHECKING:
    from otel_ml.models import Model

LINGER = 0.2
"""Seconds a call waits for another operation on its rows."""

TICK = 0.05
"""Seconds between two looks at the queue while there is something in it."""

IDLE = 3600.0
MAX_NOTICES = 1000
DONE = object()

HURRY = 8
"""A queue that is fuller than one part in so many is worked off at once: nothing waits for another operation then."""

WHY = {
    MlDropReasonValues.LATE: "they came later than drift_lateness allows",
    MlDropReasonValues.CAP: "there are too many at once",
}

CLOSED_SECONDS = 1.0
LOG_INTERVAL_SECONDS = 60.0

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Chores(Protocol):
    """What else is done on this thread, from time to time."""

    @property
    def pause(self) -> float:
        """Seconds until `beat` wants to be called again."""

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Do what is due, or all there is."""

    def settle(self) -> None:
        """Prepare for a reader that collects."""

    def close(self) -> None:
        """Do it for the last time."""


class _NoChores:
    """None."""

    pause = IDLE

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Nothing is due."""

    def settle(self) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """There is nothing to end."""


NO_CHORES = _NoChores()


class Aggregator:
    """A bounded queue with one consumer."""

    def __init__(self, config: Config, instruments: Instruments, events: EventSink, pacer: Pacer) -> None:
        self._instruments = instruments
        self._events = events
        self._pacer = pacer
        self._max_rows = config.queue_rows
        self._max_bytes = config.queue_bytes
        self.worker: int | None = None
        self.watches: Chores = NO_CHORES
        self._last_warning = -LOG_INTERVAL_SECONDS
        self.reset()

    def reset(self) -> None:
        """Empty, with locks of its own and no thread: at first, and in a forked child."""
        self._calls: deque[Call] = deque()
        self._pending: deque[tuple[Prediction, int]] = deque()  # with the bytes that each holds
        self._notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        self._violations = Violations()
        self._pending_rows = 0
        self._pending_bytes = 0
        self._pacer.reset()
        self._rows = 0
        self._bytes = 0
        self._dropped: dict[tuple[str, str], int] = {}
        # Around the queue: held for a moment, also by callers, and by a signal handler that interrupts one of them.
        self._lock = threading.RLock()
        self._work = threading.Lock()  # around counting and emitting: never taken by a caller
        self._emit = threading.Lock()
        self._emitting: Iterator[None] | None = None
        self._wake = Wakeup()
        self._hurry = Wakeup()
        self._closed = False
        self._thread: threading.Thread | None = None

    def put(self, call: Call) -> bool:
        """Take a finished call over from its thread.

        A batch for which there is no room gives up its rows, and so its events; what the metrics need of it is counted
        here and now, and fits.

        Returns:
            False if the queue is full. Its rows are counted as dropped then, and its span is left to the caller.
        """
        if not self._append(call):
            rows, events = call.rows, self._events.rows_of(call.prediction) if call.prediction is not None else 0
            if not call.give_up_rows() or not self._append(call):
                self.drop(MlDropReasonValues.QUEUE_FULL, MlDropSignalValues.METRIC, rows)
                return False
            self.drop(MlDropReasonValues.QUEUE_FULL, MlDropSignalValues.EVENT, events)
        if self._closed:  # switched off, or at exit, while this call was under way
            self.drain(CLOSED_SECONDS)
            return True
        self._wake.set()
        if self._is_filling():
            self._hurry.set()
        return True

    def _is_filling(self) -> bool:
        return self._rows > self._max_rows // HURRY or self._bytes > self._max_bytes // HURRY

    def announce(self, notice: Notice) -> None:
        """Emit an event that is no prediction's, from our own thread."""
        self._notices.append(notice)

    def violated(self, prediction: Prediction, feature: str, kind: str, count: int) -> None:
        """Say that values broke what was expected of their feature, if that was not said within the last minute."""
        model = prediction.model.model_attributes()
        attributes = self._violations.note(model, feature, kind, count, prediction.id)
        if attributes is not None:
            self.announce(Notice(EVENT_ML_FEATURE_VIOLATION, SeverityNumber.WARN, attributes, prediction.context))

    def times(self, prediction: Prediction) -> float | list[float]:
        """Event time in seconds since 1970, of all rows or of each that is held."""
        return self._events.times(prediction)

    def drain(self, timeout: float) -> bool:
        """Count, and emit, all that is queued now, in the caller's thread.

        Args:
            timeout: seconds it may take.

        Returns:
            Whether everything was handed on in time.
        """
        deadline = time.monotonic() + timeout
        if not self._work.acquire(timeout=max(0.0, timeout)):
            return False
        try:
            self._count(everything=True)
            self._beat(at_once=True)
        finally:
            self._work.release()
        return self._send(deadline)

    def settle(self, models: list[Model], timeout: float) -> None:
        """Count all that is queued and fold the models' counts, so that a collection is complete."""
        if self._work.acquire(timeout=timeout):
            try:
                self._count(everything=True)
                for model in models:
                    model.counts.fold()
                guarded("watches.settle")(self.watches.settle)()
            finally:
                self._work.release()

    def look(self, timeout: float, read: Callable[[], T]) -> T | None:
        """Count all that is queued, and read what that makes; None if it takes too long to get to it."""
        if not self._work.acquire(timeout=timeout):
            return None
        try:
            self._count(everything=True)
            return read()
        finally:
            self._work.release()
            self._wake.set()  # there may be something to say

    def close(self, timeout: float) -> bool:
        """Drain for the last time, and end the thread. Calls that are under way are handed on by their own threads."""
        with self._lock:
            self._closed = True
        self._wake.set()
        done = self.drain(timeout)
        if self._work.acquire(timeout=timeout):
            try:
                guarded("watches.close")(self.watches.close)()
            finally:
                self._work.release()
        return self._send(time.monotonic() + timeout) and done

    def dropped(self) -> list[tuple[Series, int]]:
        """What was dropped so far, by reason and signal."""
        with self._lock:
            found = dict(self._dropped)
        return [
            ({names.ML_DROP_REASON: reason, names.ML_DROP_SIGNAL: signal}, count)
            for (reason, signal), count in found.items()
        ]

    def drop(self, reason: MlDropReasonValues, signal: MlDropSignalValues, count: int) -> None:
        """Count something as dropped, and say so at most once a minute."""
        key = (reason.value, signal.value)
        with self._lock:
            self._dropped[key] = self._dropped.get(key, 0) + count
            now = time.monotonic()
            due = now - self._last_warning >= LOG_INTERVAL_SECONDS
            if due:
                self._last_warning = now
        if due:  # not while the lock is held: a handler of the user's may wait, or predict
            _logger.warning(
                "otel-ml dropped %d rows (%s): %s; see ml.telemetry.dropped (logged at most once a minute)",
                count,
                reason.value,
                WHY.get(reason, "predictions come faster than they can be sent"),
            )

    def _append(self, call: Call) -> bool:
        with self._lock:
            fits = self._rows + call.rows <= self._max_rows and self._bytes + call.nbytes <= self._max_bytes
            if not fits and self._calls:  # one that is larger than the whole queue passes when nothing else is in it
                return False
            self._calls.append(call)
            self._rows += call.rows
            self._bytes += call.nbytes
            if self._thread is None and not self._closed:
                self._start()
        return True

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="otel-ml-aggregator", daemon=True)
        token = attach(Context())  # the threading instrumentation would leave the thread in the context of one request
        try:
            self._thread.start()
        finally:
            detach(token)

    def _run(self) -> None:
        thread = threading.current_thread()
        while self._thread is thread and not self._closed:
            if self._calls or self._pending:
                self._hurry.wait(TICK)
            else:
                self._wake.wait(min(IDLE, self.watches.pause))
                if self._calls:
                    continue
            try:
                self._step()
            except BaseException as error:  # a processor of the user's that exits must not end this thread
                guard.report("aggregator.step", error)

    @guarded("aggregator.step")
    def _step(self) -> None:
        with self._work:
            self._count(everything=False)
            self._beat()
        self._send(float("inf"), wait=False)

    @guarded("watches.beat")
    def _beat(self, *, at_once: bool = False) -> None:
        self.watches.beat(time.monotonic(), at_once=at_once)

    def _count(self, *, everything: bool) -> None:
        due = time.monotonic() - LINGER
        while True:
            with self._lock:
                if not self._calls or not (everything or self._is_due(self._calls[0], due)):
                    return
                call = self._calls.popleft()
                self._rows -= call.rows
                self._bytes -= call.nbytes
            try:
                self._end_span(call)
            finally:  # a processor of the user's may exit
                self._count_one(call)
                self._take(call.prediction, call.nbytes)
            self._pacer.breathe()

    def _is_due(self, call: Call, due: float) -> bool:
        # What is held for long is what Python's garbage collector walks again and again.
        return call.ended <= due or call.inference.settled or self._is_filling()

    @guarded("inference.span")
    def _end_span(self, call: Call) -> None:
        call.inference.end_span()

    @guarded("aggregator.count")
    def _count_one(self, call: Call) -> None:
        count_call(call, self._instruments, self._pacer, self)

    @guarded("aggregator.take")
    def _take(self, prediction: Prediction | None, nbytes: int) -> None:
        if prediction is None:
            return
        rows = self._events.rows_of(prediction)
        fits = self._pending_rows + rows <= self._max_rows and self._pending_bytes + nbytes <= self._max_bytes
        if not rows:
            prediction.release()
        elif not fits and self._pending:
            self.drop(MlDropReasonValues.EVENT_QUEUE, MlDropSignalValues.EVENT, rows)
            prediction.release()
        else:
            self._count_pending(rows, nbytes)
            self._pending.append((prediction, nbytes))

    def _count_pending(self, rows: int, nbytes: int) -> None:
        with self._lock:  # one thread may count while another one emits
            self._pending_rows += rows
            self._pending_bytes += nbytes

    def _send(self, deadline: float, *, wait: bool = True) -> bool:
        """Emit what is pending, as far as the log provider takes it before the deadline, or without any wait for it."""

        def patience() -> float:
            return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX) if wait else 0.0

        if not self._emit.acquire(timeout=patience()):
            return False
        try:
            while self._notices or self._pending:
                if not self._pacer.may_emit(patience()) or time.monotonic() > deadline:
                    return False
                if self._notices:
                    self._say(self._notices.popleft())
                elif not self._emit_next(self._pending[0][0]):
                    prediction, nbytes = self._pending.popleft()
                    self._count_pending(-self._events.rows_of(prediction), -nbytes)
                    prediction.release()
            return True
        finally:
            self._emit.release()

    @guarded("aggregator.notice")
    def _say(self, notice: Notice) -> None:
        self._events.notice(notice)
        self._pacer.emitted()

    @guarded("aggregator.emit")
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

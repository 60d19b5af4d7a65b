"""Everything that can wait, behind a queue of calls, and the one daemon thread that does it.

Calls wait for a moment (LINGER), so that a second operation on the same rows can join its prediction. Then, in
micro-batches: counts and histograms first, so that metrics stay right when events can not leave; events after, through the
outbox. No slice holds the interpreter for long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context, attach, detach

from otel_ml import guard
from otel_ml.config import Config
from otel_ml.guard import guarded
from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.semconv.events import EVENT_ML_FEATURE_VIOLATION
from otel_ml.signals.call_queue import CallQueue
from otel_ml.signals.chores import IDLE, NO_CHORES, Chores
from otel_ml.signals.counting import count_call
from otel_ml.signals.drops import Drops
from otel_ml.signals.events import EventSink
from otel_ml.signals.metrics import Instruments
from otel_ml.signals.outbox import Outbox
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Call, Notice, Prediction
from otel_ml.signals.undated import Undated
from otel_ml.signals.violations import Violations
from otel_ml.signals.wakeup import Wakeup

if TYPE_CHECKING:
    from otel_ml.models import Model

LINGER = 0.2
"""Seconds a call waits for another operation on its rows."""

TICK = 0.05
"""Seconds between two looks at the queue while there is something in it."""

CLOSED_SECONDS = 1.0

T = TypeVar("T")


class Aggregator:
    """A bounded queue with one consumer."""

    def __init__(self, config: Config, instruments: Instruments, events: EventSink, pacer: Pacer) -> None:
        self._instruments = instruments
        self._events = events
        self._pacer = pacer
        self._queue = CallQueue(config.queue_rows, config.queue_bytes)
        self.worker: int | None = None
        self.watches: Chores = NO_CHORES
        self.drops = Drops()
        self._event_time = config.event_time
        self._outbox = Outbox(events, pacer, self.drops, config.queue_rows, config.queue_bytes)
        self.reset()

    def reset(self) -> None:
        """Empty, with locks of its own and no thread: at first, and in a forked child."""
        self._queue.reset()
        self._violations = Violations()
        self._undated = Undated(self._event_time)
        self._outbox.reset()
        self.drops.reset()
        # Around the start and the end: held for a moment, also by callers, and by a signal handler that interrupts one.
        self._lock = threading.RLock()
        self._work = threading.Lock()  # around counting: never taken by a caller
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
        if not self._queue.append(call):
            rows, events = call.rows, self._events.rows_of(call.prediction) if call.prediction is not None else 0
            if not call.give_up_rows() or not self._queue.append(call):
                self.drops.add(MlDropReasonValues.QUEUE_FULL, MlDropSignalValues.METRIC, rows)
                return False
            self.drops.add(MlDropReasonValues.QUEUE_FULL, MlDropSignalValues.EVENT, events)
        self._ensure_thread()
        if self._closed:  # switched off, or at exit, while this call was under way
            self.drain(CLOSED_SECONDS)
            return True
        self._wake.set()
        if self._queue.is_filling:
            self._hurry.set()
        return True

    def announce(self, notice: Notice) -> None:
        """Emit an event that is no prediction's, from our own thread."""
        self._outbox.announce(notice)

    def violated(self, prediction: Prediction, feature: str, kind: str, count: int) -> None:
        """Say that values broke what was expected of their feature, if that was not said within the last minute."""
        model = prediction.model.model_attributes()
        attributes = self._violations.note(model, feature, kind, count, prediction.id)
        if attributes is not None:
            self.announce(Notice(EVENT_ML_FEATURE_VIOLATION, SeverityNumber.WARN, attributes, prediction.context))

    def times(self, prediction: Prediction) -> float | list[float]:
        """Event time in seconds since 1970, of all rows or of each that is held."""
        times = self._events.times(prediction)
        self._undated.note(times, prediction.size, prediction.model.identity.name)
        return times

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
        return self._outbox.send(deadline)

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
                self._speak()

    def look(self, timeout: float, read: Callable[[], T]) -> T | None:
        """Count all that is queued, and read what that makes; None if it takes too long to get to it."""
        if not self._work.acquire(timeout=timeout):
            return None
        try:
            self._count(everything=True)
            guarded("watches.tidy")(self.watches.tidy)()
            return read()
        finally:
            self._work.release()
            self._speak()

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
        return self._outbox.send(time.monotonic() + timeout) and done

    def _speak(self) -> None:
        """Have our thread say what was found. A process that predicts nothing has none yet, and may be the one that looks."""
        if self._outbox.has_notices:
            self._ensure_thread()
            self._wake.set()

    def _ensure_thread(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closed:
                    self._start()

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
            if self._queue or self._outbox.waits:
                self._hurry.wait(TICK)
            else:
                self._wake.wait(min(IDLE, self.watches.pause))
                if self._queue:
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
        self._outbox.send(float("inf"), wait=False)

    @guarded("watches.beat")
    def _beat(self, *, at_once: bool = False) -> None:
        self.watches.beat(time.monotonic(), at_once=at_once)

    def _count(self, *, everything: bool) -> None:
        due = float("inf") if everything else time.monotonic() - LINGER
        while (call := self._queue.next(due)) is not None:
            try:
                self._end_span(call)
            finally:  # a processor of the user's may exit
                self._count_one(call)
                if call.prediction is not None:
                    self._outbox.take(call.prediction, call.nbytes)
            self._pacer.breathe()

    @guarded("inference.span")
    def _end_span(self, call: Call) -> None:
        call.inference.end_span()

    @guarded("aggregator.count")
    def _count_one(self, call: Call) -> None:
        count_call(call, self._instruments, self._pacer, self)

"""Joins spans and events into predictions: the row, the model's call, and the request it was made for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events
from otel_ml.service.records import Attributes, Log, Source, Span
from otel_ml.service.statistics import is_model_span

_SPANS_PER_TRACE = 1_000
_IDS_PER_TRACE = 10_000
_DEPTH = 32
_ENTRY_KINDS = ("server", "consumer")


@dataclass(frozen=True, slots=True)
class Prediction:
    """One predicted row, or a call whose rows are not known since it left no events.

    Attributes:
        event: The row's event, if it came.
        call: Span of the call that the event belongs to, if it came.
        calls: All calls of the same prediction (predict, then predict_proba), in order of time.
        path: From the request's first span down to the parent of `call`.
    """

    event: Log | None
    call: Span | None
    calls: tuple[Span, ...]
    path: tuple[Span, ...]

    @property
    def attributes(self) -> Attributes:
        """Of the event over those of the call's span."""
        return {**(self.call.attributes if self.call else {}), **(self.event.attributes if self.event else {})}

    @property
    def source(self) -> Source:
        """Where it was made."""
        record = self.event or self.call
        assert record is not None, "a prediction has an event or a call"
        return record.source

    @property
    def trace_id(self) -> str:
        """Of the event and the call alike."""
        return self.event.trace_id if self.event else self.call.trace_id if self.call else ""

    @property
    def time(self) -> int:
        """When the model was called, in nanoseconds since 1970."""
        return self.call.start if self.call else self.event.observed if self.event else 0

    @property
    def server(self) -> Span | None:
        """The server span nearest to the call."""
        return next((span for span in reversed(self.path) if span.kind in _ENTRY_KINDS), None)


@dataclass(slots=True)
class _Trace:
    spans: dict[str, Span] = field(default_factory=dict)
    events: list[Log] = field(default_factory=list)
    waiting: dict[str, Span] = field(default_factory=dict)  # model spans whose event has not come yet
    told: dict[str, bool] = field(default_factory=dict)  # prediction ids of told spans: with an event?
    since: float = 0.0
    counted: int = 0

    @property
    def size(self) -> int:
        return len(self.spans) + len(self.events)

    def forget(self) -> None:
        """Drops the older half of what was told."""
        self.spans = dict(list(self.spans.items())[_SPANS_PER_TRACE // 2 :])
        self.told = dict(list(self.told.items())[-_IDS_PER_TRACE // 2 :])


class PredictionJoin:
    """Joins what arrives in any order, in bounded memory.

    A prediction is told once its event, its model span and the spans above it up to the server span (or the root) are
    there, or after `settle` seconds with what there is: spans and events are exported in batches of their own, and
    each may be sampled or switched off. Not thread-safe.

    Args:
        settle: Seconds to wait for the missing parts; more than the longest export interval of the services.
        max_traces: Traces to remember. Beyond it the least recent one is told as it is.
        max_records: Spans and waiting events to remember, in all traces together.

    Attributes:
        late: Events left out because their call had been told without them.
    """

    def __init__(self, settle: float = 7.0, max_traces: int = 5_000, max_records: int = 50_000) -> None:
        self.late = 0
        self._settle = settle
        self._max_traces = max_traces
        self._max_records = max_records
        self._size = 0
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._pending: OrderedDict[str, _Trace] = OrderedDict()  # by age

    def add_span(self, span: Span, now: float) -> Iterator[Prediction]:
        """Takes a span; yields the predictions that it completes. `now` is a monotonic time in seconds."""
        trace = self._trace(span.trace_id)
        if len(trace.spans) >= _SPANS_PER_TRACE:  # a job that runs for long in one trace
            yield from self._told(span.trace_id, trace, now, force=True)
            trace.forget()
        trace.spans[span.span_id] = span
        if is_model_span(span) and _prediction_id(span) not in trace.told:
            trace.waiting[span.span_id] = span
        yield from self._told(span.trace_id, trace, now)
        yield from self._over()

    def add_event(self, event: Log, now: float) -> Iterator[Prediction]:
        """Takes a prediction event; yields the predictions that it completes."""
        if event.event != events.EVENT_ML_PREDICTION:
            return
        trace = self._trace(event.trace_id)
        call = trace.spans.get(event.span_id)
        if call is not None and trace.told.get(_prediction_id(call)) is False:
            self.late += 1  # its call was told without it: once is enough
            return
        whole = _whole(event, trace)
        if whole is None:
            trace.events.append(event)
        else:
            yield whole
        self._await(event.trace_id, trace, now)
        yield from self._over()

    def settled(self, now: float) -> Iterator[Prediction]:
        """Yields the predictions that have waited for long enough."""
        while self._pending:
            trace_id, trace = next(iter(self._pending.items()))
            if now - trace.since < self._settle:
                return
            yield from self._told(trace_id, trace, now, force=True)

    def rest(self) -> Iterator[Prediction]:
        """Yields all that still waits, at the end."""
        while self._pending:
            trace_id, trace = next(iter(self._pending.items()))
            yield from self._told(trace_id, trace, 0.0, force=True)

    def _trace(self, trace_id: str) -> _Trace:
        trace = self._traces.setdefault(trace_id, _Trace())
        self._traces.move_to_end(trace_id)
        return trace

    def _over(self) -> Iterator[Prediction]:
        while len(self._traces) > self._max_traces or self._size > self._max_records:
            trace_id, trace = self._traces.popitem(last=False)
            yield from self._told(trace_id, trace, 0.0, force=True)
            self._size -= trace.counted

    def _told(self, trace_id: str, trace: _Trace, now: float, *, force: bool = False) -> Iterator[Prediction]:
        waiting, trace.events = trace.events, []
        for event in waiting:
            prediction = _whole(event, trace, force=force)
            if prediction is None:
                trace.events.append(event)
            else:
                yield prediction
        if force:
            while trace.waiting:
                call = next(iter(trace.waiting.values()))
                yield _prediction(None, call, _path(call, trace)[0], trace)
        self._await(trace_id, trace, now)

    def _await(self, trace_id: str, trace: _Trace, now: float) -> None:
        self._size += trace.size - trace.counted
        trace.counted = trace.size
        if not trace.events and not trace.waiting:
            self._pending.pop(trace_id, None)
        elif trace_id not in self._pending:
            trace.since = now
            self._pending[trace_id] = trace


def _whole(event: Log, trace: _Trace, *, force: bool = False) -> Prediction | None:
    """The event's prediction, None while parts of it are still to come."""
    call = _call_of(event, trace)
    path, known = _path(call, trace)
    if force or not event.sampled or (call is not None and known):
        return _prediction(event, call, path, trace)
    return None


def _prediction(event: Log | None, call: Span | None, path: tuple[Span, ...], trace: _Trace) -> Prediction:
    calls: tuple[Span, ...] = ()
    if call is not None:
        identifier = _prediction_id(call)
        same = (span for span in trace.spans.values() if is_model_span(span) and _prediction_id(span) == identifier)
        calls = tuple(sorted(same, key=lambda span: span.start))
        trace.told.setdefault(identifier, event is not None)
        for span in calls:
            trace.waiting.pop(span.span_id, None)
    return Prediction(event, call, calls, path)


def _call_of(event: Log, trace: _Trace) -> Span | None:
    """The event is emitted in its call's context; a second look by id serves those that were not."""
    call = trace.spans.get(event.span_id)
    if call is not None and is_model_span(call):
        return call
    identifier = str(event.attributes.get(names.ML_PREDICTION_ID, ""))
    return next((span for span in trace.waiting.values() if _prediction_id(span) == identifier), None)


def _path(call: Span | None, trace: _Trace) -> tuple[tuple[Span, ...], bool]:
    """The spans above a call, outermost first, up to where the request came in; and whether they are all there."""
    above: list[Span] = []
    span = call
    while span is not None and len(above) < _DEPTH:
        if not span.parent_id or span.kind in _ENTRY_KINDS:
            return tuple(reversed(above)), True
        span = trace.spans.get(span.parent_id)
        if span is not None:
            above.append(span)
    return tuple(reversed(above)), False


def _prediction_id(span: Span) -> str:
    return str(span.attributes.get(names.ML_PREDICTION_ID, ""))

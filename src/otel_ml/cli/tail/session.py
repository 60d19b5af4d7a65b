"""What `otel-ml tail` does with messages, apart from how it shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_ml.semconv import events
from otel_ml.service.consumer import Request
from otel_ml.service.predictions import Prediction, PredictionJoin
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Log, Point, read_logs, read_points, read_spans
from otel_ml.service.statistics import Statistics
from otel_ml.service.summary import Summary

_PREFIX = "ml."


class View(Protocol):
    """A way to show what is received."""

    def listening(self, receiver: Receiver) -> None:
        """The receiver has started."""

    def predictions(self, predictions: list[Prediction]) -> None:
        """Predictions are known as far as they will be."""

    def event(self, event: Log) -> None:
        """An `ml.*` event came that is no prediction."""

    def points(self, points: list[Point]) -> None:
        """New `ml.*` metric points came."""

    def refresh(self, summarise: Callable[[], Summary]) -> None:
        """Called often; redraws figures that are on the screen all the time. A summary costs time: not more often."""

    def summary(self, summary: Summary) -> None:
        """Shows the figures."""

    def close(self) -> None:
        """Nothing more will come."""


class Session:
    """Feeds messages to the join, the statistics and a view. One thread only.

    Args:
        view: Shows what comes.
        limit: Predictions to show; `done` once they are.
        settle: See `PredictionJoin`.
    """

    def __init__(self, view: View, limit: int | None = None, settle: float = 7.0) -> None:
        self.statistics = Statistics(since=time.time_ns())  # what a service counted before is not of this session
        self.shown = 0
        self._view = view
        self._limit = limit
        self._join = PredictionJoin(settle)

    @property
    def done(self) -> bool:
        """Whether as many predictions as wanted were shown."""
        return self._limit is not None and self.shown >= self._limit

    def feed(self, message: Request, now: float) -> None:
        """Takes a message; `now` is a monotonic time in seconds."""
        if isinstance(message, ExportTraceServiceRequest):
            self._spans(message, now)
        elif isinstance(message, ExportLogsServiceRequest):
            self._logs(message, now)
        else:
            points = [point for point in read_points(message) if self.statistics.add_point(point)]
            if points := [point for point in points if point.metric.startswith(_PREFIX)]:
                self._view.points(points)

    def tick(self, now: float) -> None:
        """Shows what has waited for long enough; to be called a few times a second."""
        self._show(self._join.settled(now))
        self._view.refresh(self.statistics.summary)

    def finish(self) -> None:
        """Shows what is left, and the figures."""
        self._show(self._join.rest())
        self.summarise()

    def summarise(self) -> None:
        """Shows the figures."""
        self._view.summary(self.statistics.summary())

    def _spans(self, message: ExportTraceServiceRequest, now: float) -> None:
        found: list[Prediction] = []
        for span in read_spans(message):
            self.statistics.add_span(span)
            found += self._join.add_span(span, now)
        self._show(found)

    def _logs(self, message: ExportLogsServiceRequest, now: float) -> None:
        found: list[Prediction] = []
        for log in read_logs(message):
            self.statistics.add_log(log)
            if log.event == events.EVENT_ML_PREDICTION:
                found += self._join.add_event(log, now)
            elif log.event.startswith(_PREFIX):
                self._view.event(log)
        self._show(found)

    def _show(self, predictions: Iterable[Prediction]) -> None:
        found = list(predictions)
        if self._limit is not None:
            found = found[: max(0, self._limit - self.shown)]
        if found:
            self.shown += len(found)
            self._view.predictions(found)

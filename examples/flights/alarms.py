"""Keep what a service tells of drift: the alarms it raises, and the values it did not expect."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_ml.semconv import attributes as names
from otel_ml.semconv import events, metrics
from otel_ml.service.records import Log, read_logs, read_points

DISTRIBUTION = "distribution"
DRIFT = names.MlDropSignalValues.DRIFT.value


@dataclass(frozen=True)
class Alarm:
    """Something drifted.

    Attributes:
        name: The feature, or `prediction` or `score`.
        subject: feature, prediction, score or multivariate.
        cause: `distribution`, or the event that had become frequent: null, range, unseen.
        direction: up, down, more_null, …
        found: The end of the window in which it was raised, in the time of the flights.
        since: When the drift began.
        rows: Of the window.
        score: Total variation, or the share of rows with the event.
        examples: Ids of predictions.
        resolved: When it was over; None if it never was.
    """

    name: str
    subject: str
    cause: str
    direction: str
    found: pd.Timestamp
    since: pd.Timestamp
    rows: int
    score: float
    examples: tuple[str, ...]
    resolved: pd.Timestamp | None = None


@dataclass(frozen=True)
class Violation:
    """The first value of a feature that was not as expected, by its prediction."""

    feature: str
    event: str
    prediction_id: str


class Alarms:
    """A consumer of OTLP that keeps what is about drift, and forgets the rest."""

    def __init__(self) -> None:
        self.raised: list[Alarm] = []
        self.violations: list[Violation] = []
        self.rows = 0
        """Counted by the service, over all its processes."""
        self.lost = 0
        """Of these, rows that its monitor did not see."""
        self._totals: dict[str, dict[Any, float]] = {
            metrics.ML_PREDICTIONS.name: {},
            metrics.ML_TELEMETRY_DROPPED.name: {},
        }
        self._on: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def consume_traces(self, request: ExportTraceServiceRequest) -> None:
        """Nothing here is about drift."""

    def consume_metrics(self, request: ExportMetricsServiceRequest) -> None:
        with self._lock:
            for point in read_points(request):
                if point.metric in self._totals and point.attributes.get(names.ML_DROP_SIGNAL) in (None, DRIFT):
                    self._totals[point.metric][point.series] = point.value or 0
            self.rows, self.lost = (round(sum(total.values())) for total in self._totals.values())

    def consume_logs(self, request: ExportLogsServiceRequest) -> None:
        with self._lock:
            for log in read_logs(request):
                if log.event in (events.EVENT_ML_DRIFT_DETECTED, events.EVENT_ML_DRIFT_RESOLVED):
                    self._drift(log)
                elif log.event == events.EVENT_ML_FEATURE_VIOLATION:
                    self._violation(log)

    def _drift(self, log: Log) -> None:
        told = log.attributes
        subject = str(told[names.ML_DRIFT_SUBJECT])
        name = str(told.get(names.ML_FEATURE_NAME, subject))
        cause = str(told.get(names.ML_VIOLATION_TYPE, DISTRIBUTION))
        time = pd.Timestamp(log.time, tz="UTC")
        if log.event == events.EVENT_ML_DRIFT_RESOLVED:
            index = self._on.pop((name, cause))
            self.raised[index] = replace(self.raised[index], resolved=time)
            return
        self._on[name, cause] = len(self.raised)
        self.raised.append(
            Alarm(
                name,
                subject,
                cause,
                str(told.get(names.ML_DRIFT_DIRECTION, "")),
                time,
                pd.Timestamp(datetime.fromisoformat(str(told[names.ML_DRIFT_SINCE]).replace("Z", "+00:00"))),
                int(told[names.ML_DRIFT_ROWS]),
                float(told[names.ML_DRIFT_SCORE]),
                tuple(told.get(names.ML_DRIFT_EXAMPLES, ())),
            )
        )

    def _violation(self, log: Log) -> None:
        told = log.attributes
        feature, event = str(told.get(names.ML_FEATURE_NAME)), str(told[names.ML_VIOLATION_TYPE])
        if names.ML_PREDICTION_ID in told and not any(
            (v.feature, v.event) == (feature, event) for v in self.violations
        ):
            self.violations.append(Violation(feature, event, str(told[names.ML_PREDICTION_ID])))

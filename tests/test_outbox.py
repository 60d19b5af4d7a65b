"""Events that are no prediction's wait in bounds, and what gives way is counted."""

from __future__ import annotations

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from otel_ml.config import Config
from otel_ml.privacy import Policy
from otel_ml.semconv.events import EVENT_ML_DRIFT_DETECTED, EVENT_ML_FEATURE_VIOLATION
from otel_ml.signals.drops import Drops
from otel_ml.signals.events import EventSink
from otel_ml.signals.outbox import MAX_NOTICES, Outbox
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Notice


def test_of_too_many_notices_the_oldest_gives_way_but_no_alarm_and_that_is_counted() -> None:
    exporter, provider, drops = InMemoryLogRecordExporter(), LoggerProvider(), Drops()  # type: ignore[no-untyped-call]  # no annotations
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    config = Config.load(environ={})
    events = EventSink(config, Policy(config), lambda: provider.get_logger("test"))
    outbox = Outbox(events, Pacer(lambda: None), drops, 1_000, 1_000_000)
    for number in range(MAX_NOTICES + 7):
        name = EVENT_ML_DRIFT_DETECTED if number < 3 else EVENT_ML_FEATURE_VIOLATION
        outbox.announce(Notice(name, SeverityNumber.WARN, {"number": number}, Context()))
    assert outbox.send(float("inf"))
    sent = [(found.log_record.attributes or {})["number"] for found in exporter.get_finished_logs()]
    assert sent == [0, 1, 2, *range(10, MAX_NOTICES + 7)]
    assert drops.series() == [({"ml.drop.reason": "event_queue", "ml.drop.signal": "event"}, 7)]

"""A service of two workers that is started again in the midst of a window goes on where it was."""

from __future__ import annotations

from pathlib import Path

from tests.services.replaying import HEADER, in_alarm, replayed
from tests.support.otlp import OtlpSink

MINUTES = 12
ENV = {"OTEL_ML_EVENT_TIME": f"header:{HEADER}", "OTEL_ML_DRIFT_LATENESS": str(60 * MINUTES)}
"""No row of so many minutes is late, whichever worker hands over first."""

PRESENT = 2 * MINUTES + 1
"""Of the minute that is open when the service ends: those of before are not any more."""


def test_every_row_counts_once_and_an_alarm_stays_what_it_is(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with replayed(otlp_sink, tmp_path, ENV, workers=2) as first:
        workers = first.service.workers(2)
        for worker in workers:
            with first.service.alone(worker, workers):
                answered = {first.send(40, first.start + 60 * minute, age=80.0) for minute in range(MINUTES)}
            assert answered == {worker.pid}
        first.wait_for_rows()
        first.send(40, first.start + 60 * PRESENT, age=80.0)
        before = first.wait_for_rows()
        otlp_sink.wait_for(lambda sink: sink.events("ml.drift.detected"))
        first.service.end()
    assert in_alarm(before) == {"age"}

    with replayed(otlp_sink, tmp_path, ENV, workers=2) as second:
        second.start, second.sent = first.start, first.sent
        second.wait_for_rows()
        second.replay(range(PRESENT, 2 * PRESENT), 40, age=80.0)
        after = second.wait_for_rows()
        second.service.end()
    assert (after["late"], in_alarm(after)) == (0, {"age"})
    assert len(otlp_sink.events("ml.drift.detected")) == 1
    assert otlp_sink.events("ml.drift.resolved") == []

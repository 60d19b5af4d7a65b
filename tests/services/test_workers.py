"""Several processes of one service: told apart, counted from zero, replaced, and never with one another's ids."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.services.process import gunicorn, running, uvicorn
from tests.services.received import event_ids, model_spans, predictions, span_ids
from tests.support.otlp import OtlpSink
from tests.support.wait import eventually

COUNT = 40


def test_workers_that_share_an_instance_id_have_series_of_their_own(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    env = {**otlp_sink.env(), "OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=x"}
    with running(uvicorn("light", "--workers", "2"), env, tmp_path) as service:
        service.predict_with_each(service.workers(2), COUNT // 2)
        service.end()
    points = otlp_sink.metric_points("ml.predictions")
    assert {point.source.resource["service.instance.id"] for point in points} == {"x"}
    workers = [point.attributes["ml.worker"] for point in points]
    assert len(workers) == len(set(workers)) == 2, "two workers report the same series"
    assert sum(point.value or 0 for point in points) == COUNT
    durations = otlp_sink.metric_points("ml.inference.duration")
    assert {point.attributes["ml.worker"]: point.count for point in durations} == {
        point.attributes["ml.worker"]: point.value for point in points
    }


def test_forked_workers_start_at_zero_and_one_that_is_killed_is_replaced(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    env = {**otlp_sink.env(), "SCORE_AT_IMPORT": "1"}
    with running(gunicorn("light", "--preload", "-w", "2"), env, tmp_path) as service:
        before = service.workers(2)
        service.predict(COUNT)
        eventually(lambda: predictions(otlp_sink) == COUNT + 1, what="everything counted, and the master's one")
        before[0].kill()
        before[0].wait(60)
        eventually(lambda: {process.pid for process in service.workers(2)} - {process.pid for process in before})
        service.predict(COUNT)
        service.end()
    assert predictions(otlp_sink) == 2 * COUNT + 1
    acknowledged = Counter(service.ids)
    assert acknowledged.total() == 2 * COUNT
    for received in (span_ids(otlp_sink), event_ids(otlp_sink)):
        assert acknowledged < received, "the master's prediction is there, too"
        assert set(received.values()) == {1}
        assert received.total() == 2 * COUNT + 1


@pytest.mark.parametrize("generator", ["otel_ml", "random"])
def test_a_seeded_program_repeats_no_ids(generator: str, otlp_sink: OtlpSink, tmp_path: Path) -> None:
    env = {**otlp_sink.env(), "OTEL_PYTHON_ID_GENERATOR": generator}
    with running(uvicorn("seeded", "--workers", "2"), env, tmp_path) as service:
        service.predict_with_each(service.workers(2), COUNT // 2)
        service.end()
    assert set(Counter(service.ids).values()) == {1}
    assert Counter(service.ids) == span_ids(otlp_sink) == event_ids(otlp_sink)
    spans = otlp_sink.spans()
    if generator == "otel_ml":
        assert len({span.span_id for span in spans}) == len(spans)
        assert len({span.trace_id for span in model_spans(otlp_sink)}) == COUNT

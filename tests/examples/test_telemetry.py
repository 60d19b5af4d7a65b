"""The example service with two workers: all that it sends keeps to the conventions, which the sink checks when the test ends."""

from __future__ import annotations

import io
import json
from pathlib import Path

import anyio

from examples.flights import data
from examples.flights.replay import Replay
from examples.flights.train import train
from tests.backends.flights import FlightsService
from tests.support.otlp import OtlpSink

FLIGHTS = 60
BATCH = 20


def test_all_that_the_service_sends_keeps_to_the_conventions(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    april = data.between(data.load(), "2013-04-01", "2013-04-02").head(FLIGHTS)
    labels = io.StringIO()
    shared = {"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=the-container"}
    endpoint = otlp_sink.env("grpc")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    with FlightsService(endpoint, train()[0], tmp_path, shared) as service:
        for rows, batch in ((april[:-BATCH], 1), (april[-BATCH:], BATCH)):
            replay = Replay(service.url, labels, speedup=float("inf"), batch=batch)
            anyio.run(replay.run, rows)
            assert not replay.failures
    told = {json.loads(line)["prediction_id"] for line in labels.getvalue().splitlines()}
    otlp_sink.wait_for(lambda sink: len(sink.events("ml.prediction")) == FLIGHTS)
    assert {event.attributes["ml.prediction.id"] for event in otlp_sink.events("ml.prediction")} == told
    assert sum(point.value or 0 for point in otlp_sink.metric_points("ml.predictions")) == FLIGHTS
    assert {point.attributes["ml.worker"] for point in otlp_sink.metric_points("ml.feature.observations")}

"""The example service as a user runs it: what its clients got is what the backends know, prediction by prediction."""

import io
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pytest

from examples.flights import data
from examples.flights.replay import Replay
from examples.flights.train import train
from tests.backends.flights import WORKERS, FlightsService
from tests.backends.found import Found, Traced
from tests.support.backends import Stack
from tests.support.wait import PATIENCE, eventually

pytestmark = [pytest.mark.backends, pytest.mark.timeout(900)]

SINGLES, BATCHED, BATCH = 200, 100, 20
REQUESTS = SINGLES + BATCHED // BATCH
OWN_IDS: dict[str, str] = {}
SHARED_ID = {"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=the-container"}


@pytest.fixture(scope="module")
def april() -> pd.DataFrame:
    flights: pd.DataFrame = data.between(data.load(), "2013-04-01", "2013-04-02").head(SINGLES + BATCHED)
    return flights


def replay(service: FlightsService, flights: pd.DataFrame, batch: int = 1) -> list[dict[str, Any]]:
    """Send flights as fast as the service answers; returns what the client got for each."""
    labels = io.StringIO()
    replaying = Replay(service.url, labels, speedup=float("inf"), batch=batch)
    anyio.run(replaying.run, flights)
    assert not replaying.failures, replaying.failures
    return [json.loads(line) for line in labels.getvalue().splitlines()]


@pytest.mark.parametrize("env", [OWN_IDS, SHARED_ID], ids=["own instance ids", "shared instance id"])
def test_every_prediction_is_found_in_every_backend(
    stack: Stack, tmp_path: Path, april: pd.DataFrame, env: Mapping[str, str]
) -> None:
    with FlightsService(stack.collector.grpc_url, train()[0], tmp_path, env) as service:
        singles, share = [], SINGLES // WORKERS
        for number, worker in enumerate(service.workers()):
            with service.alone(worker):
                singles += replay(service, april[number * share : (number + 1) * share])
        batched = replay(service, april[SINGLES:], BATCH)
        found = Found(stack, service.service)
        in_traces = {label["prediction_id"] for label in singles}
        in_batches = {label["prediction_id"] for label in batched}
        bases = {one.rpartition("-")[0] for one in in_batches}
        began = time.monotonic()
        traced = eventually(lambda: all_below_servers(found.traced(), in_traces | bases), timeout=2 * PATIENCE)
        eventually(lambda: found.events().keys() == in_traces | in_batches, timeout=2 * PATIENCE)
        eventually(lambda: counted(found, april), timeout=2 * PATIENCE)
        events = found.events()
        print(f"{len(events)} events and {len(traced)} model spans found {time.monotonic() - began:.1f} s later")
    sent = {(row["flight"], row["departs"].isoformat()): row for row in april.to_dict("records")}

    assert len(in_traces) == SINGLES
    assert len(bases) == BATCHED / BATCH
    for label in singles:
        the_span_tells(traced[label["prediction_id"]], sent[label["flight"], label["departs"]], label["response"])
    for base in bases:
        assert traced[base].span.attributes["ml.batch.size"] == BATCH
        assert server_of(traced[base]).attributes["http.route"] == "/predict/batch"
    for label in (*singles, *batched):
        event, one = events[label["prediction_id"]], label["prediction_id"]
        assert event.trace_id == traced[one if one in in_traces else one.rpartition("-")[0]].span.trace_id
        assert float(event.metadata["ml_output_score"]) == pytest.approx(confidence(label["response"]))

    counted(found, april)  # still, and no more than that
    assert found.total("ml_telemetry_errors_total") == found.total("ml_telemetry_dropped_total") == 0

    workers = found.by("ml_worker" if env else "service_instance_id", "ml_predictions_total")
    assert len(workers) == WORKERS
    assert "" not in workers
    exemplars = eventually(found.exemplars)
    assert {exemplar.trace_id for exemplar in exemplars} <= {one.span.trace_id for one in traced.values()}
    assert stack.jaeger.trace(exemplars[0].trace_id)


def all_below_servers(traced: Mapping[str, Traced], ids: set[str]) -> Mapping[str, Traced]:
    """What was found, once it is all and the requests above are there, too: they come in messages of their own."""
    assert traced.keys() == ids
    for one in traced.values():
        server_of(one)
    return traced


def counted(found: Found, flights: pd.DataFrame) -> bool:
    """Every counter is right."""
    nulls = {feature: int(count) for feature, count in flights[data.FEATURES].isna().sum().items() if count}
    observations = "ml_feature_observations_total"
    assert len(nulls) > 3
    assert found.total("ml_predictions_total") == len(flights)
    assert found.by("ml_feature_name", observations, 'ml_feature_bin="null"') == nulls
    assert found.by("ml_feature_name", observations) == dict.fromkeys(data.FEATURES, len(flights))
    assert found.total("ml_inference_duration_seconds_count") == REQUESTS
    assert found.total("ml_batch_size_sum") == len(flights)
    assert found.total("ml_prediction_score_count") == len(flights)
    return True


def the_span_tells(traced: Traced, flight: Mapping[Any, Any], response: dict[str, Any]) -> None:
    """The span has the features as they were sent, the output as it was answered, and the request above it."""
    attributes = traced.span.attributes
    features = {name: flight[name] for name in data.FEATURES if not pd.isna(flight[name])}
    captured = {key: value for key, value in attributes.items() if key.startswith("ml.feature.value.")}
    assert captured == {f"ml.feature.value.{name}": value for name, value in features.items()}
    assert attributes["ml.feature.null.count"] == len(data.FEATURES) - len(features)
    assert attributes["ml.output.score"] == pytest.approx(confidence(response))
    assert server_of(traced).attributes["http.route"] == "/predict"


def server_of(traced: Traced) -> Any:
    servers = [span for span in traced.ancestors if span.kind == "server"]
    assert len(servers) == 1
    [server] = servers
    assert server.parent_id is None
    return server


def confidence(response: dict[str, Any]) -> float:
    probability: float = response["probability"]
    return max(probability, 1 - probability)

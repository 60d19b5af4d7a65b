"""The example service while something behind it is away: it answers, and what is lost is counted or nothing is."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from examples.flights import data
from examples.flights.replay import Records, requests
from examples.flights.train import train
from tests.backends.flights import Answer, Clients, FlightsService, nulls_of
from tests.backends.found import Found
from tests.support.backends import Stack
from tests.support.servers import Server
from tests.support.wait import eventually

pytestmark = pytest.mark.backends

CROWD = 8
SLOW_SECONDS = 1.0
GROWTH_BYTES = 64 * 2**20
# So little room and patience that an outage of seconds does what one of minutes does otherwise.
SMALL_QUEUES = {
    "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
    "OTEL_BSP_MAX_QUEUE_SIZE": "128",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "64",
    "OTEL_BLRP_MAX_QUEUE_SIZE": "128",
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "64",
    "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": "true",
}


@pytest.fixture(scope="module")
def april() -> Records:
    """A day's flights as the service takes them."""
    [request] = requests(data.between(data.load(), "2013-04-01", "2013-04-02").head(900), 900)
    return request.features


def p99(answers: Sequence[Answer]) -> float:
    return statistics.quantiles((answer.seconds for answer in answers), n=100)[-1]


def wait_until_counted(found: Found, answers: Sequence[Answer]) -> None:
    """The counters are right: those of a process say all that it has ever counted."""
    nulls = nulls_of(answer.flight for answer in answers)
    eventually(lambda: found.total("ml_predictions_total") == len(answers), timeout=60)
    assert found.total("ml_inference_duration_seconds_count") == len(answers)
    observations = "ml_feature_observations_total"
    assert found.by("ml_feature_name", observations) == dict.fromkeys(data.FEATURES, len(answers))
    assert found.by("ml_feature_name", observations, 'ml_feature_bin="null"') == nulls


def wait_until_found(found: Found, answers: Sequence[Answer]) -> None:
    """Every prediction that a client got is in Jaeger and in Loki, in the same trace."""
    ids = {answer.prediction_id for answer in answers}
    assert len(ids) == len(answers)
    eventually(lambda: ids <= found.events().keys(), timeout=60)
    eventually(lambda: ids <= found.traced().keys(), timeout=60)
    traced, events = found.traced(), found.events()
    for one in ids:
        assert events[one].trace_id == traced[one].span.trace_id
        assert [span.kind for span in traced[one].ancestors] == ["server"]


def test_without_the_collector_the_service_answers_and_counts_what_it_drops(
    stack: Stack, tmp_path: Path, april: Records
) -> None:
    with FlightsService(stack.collector.grpc_url, train()[0], tmp_path, SMALL_QUEUES) as service:
        found = Found(stack, service.service)
        with Clients(service.url, april) as clients:
            clients.wait_for(200)
            before, memory = list(clients.answers), service.memory()
            stack.collector.stop()
            clients.wait_for(600)
            growth = service.memory() - memory
            during = clients.answers[len(before) :]
            stack.collector.start()
            clients.wait_for(100)
        assert not clients.failures
        wait_until_counted(found, clients.answers)
        with Clients(service.url, april) as later:
            later.wait_for(100)
        assert not later.failures
        wait_until_found(found, later.answers)

        answers = [*clients.answers, *later.answers]
        wait_until_counted(found, answers)
        eventually(lambda: accounted(found, "span", "started", found.spans()), timeout=60)
        eventually(lambda: accounted(found, "log", "created", found.records()), timeout=60)
        spans, logs = dropped_by_sdk(found, "span"), dropped_by_sdk(found, "log")
        missing = {answer.prediction_id for answer in answers} - found.events().keys()
        dropped = logs + found.total("ml_telemetry_dropped_total", 'ml_drop_signal="event"')
        print(
            f"{len(answers)} predictions, {len(missing)} events missing, {dropped} log records and {spans} spans counted "
            f"as dropped; p99 {p99(before):.3f} s before, {p99(during):.3f} s during; memory +{growth / 2**20:.1f} MiB"
        )
    assert p99(during) < SLOW_SECONDS
    assert growth < GROWTH_BYTES
    assert spans
    assert 0 < len(missing) <= dropped
    assert found.total("ml_telemetry_dropped_total", 'ml_drop_signal="metric"') == 0


def accounted(found: Found, signal: str, made: str, arrived: int) -> bool:
    """Whether all that were made of a signal have either arrived or are counted as dropped."""
    created = found.total(f"otel_sdk_{signal}_{made}_total")
    assert created == arrived + dropped_by_sdk(found, signal)
    return created > 0


def dropped_by_sdk(found: Found, signal: str) -> int:
    """What the SDK says it had no room for, or could not send in time."""
    unsent = found.total(f"otel_sdk_processor_{signal}_processed_total", 'error_type!=""')
    return unsent + found.total(f"otel_sdk_exporter_{signal}_exported_total", 'error_type!=""')


def test_nothing_is_lost_while_each_backend_is_away_in_turn(stack: Stack, tmp_path: Path, april: Records) -> None:
    backends: tuple[Server, ...] = (stack.jaeger, stack.prometheus, stack.loki)
    with FlightsService(stack.collector.grpc_url, train()[0], tmp_path) as service:
        with Clients(service.url, april) as clients:
            for backend in backends:
                clients.wait_for(50)
                backend.stop()
                clients.wait_for(150)
                backend.start()
        assert not clients.failures
        found = Found(stack, service.service)
        began = time.monotonic()
        wait_until_counted(found, clients.answers)
        wait_until_found(found, clients.answers)
        print(
            f"{len(clients.answers)} predictions all found {time.monotonic() - began:.1f} s after the last; "
            f"p99 {p99(clients.answers):.3f} s"
        )
        assert len(found.events()) == len(found.traced()) == len(clients.answers)
    assert p99(clients.answers) < SLOW_SECONDS


def test_what_was_answered_before_the_service_was_ended_is_found(stack: Stack, tmp_path: Path, april: Records) -> None:
    with FlightsService(stack.collector.grpc_url, train()[0], tmp_path) as service:
        with Clients(service.url, april, count=CROWD, pause=0, keep_alive=False) as clients:
            clients.wait_for(300)
            began = time.monotonic()
            service.stop()
            ended = time.monotonic() - began
        assert clients.failures  # it was ended while requests came
    found = Found(stack, service.service)
    wait_until_found(found, clients.answers)
    print(f"{len(clients.answers)} predictions all found; the service ended within {ended:.1f} s")
    # one more for each client at most: predicted when its connection was already closed
    assert len(clients.answers) <= found.total("ml_predictions_total") <= len(clients.answers) + CROWD

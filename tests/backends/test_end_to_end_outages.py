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
from tests.support.wait import PATIENCE, eventually

pytestmark = [pytest.mark.backends, pytest.mark.timeout(900)]

CROWD = 8
SLOW_SECONDS = 3.0
"""Less than an exporter tries for, and more than a busy machine makes of an answer nine times out of ten."""
OUTAGE_SECONDS = 15.0
"""More than an exporter tries for: eight seconds, with its pauses, of the ten that it is given."""
GROWTH_BYTES = 64 * 2**20
# So little room that an outage of seconds does what one of minutes does otherwise. No less patience than by default: what
# comes after the exporter has given it up is both there and counted as dropped.
SMALL_QUEUES = {
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


def p90(answers: Sequence[Answer]) -> float:
    return statistics.quantiles((answer.seconds for answer in answers), n=10)[-1]


def wait_until_counted(found: Found, answers: Sequence[Answer]) -> None:
    """The counters are right: those of a process say all that it has ever counted."""
    nulls = nulls_of(answer.flight for answer in answers)
    observations = "ml_feature_observations_total"

    def counted() -> bool:
        assert found.total("ml_predictions_total") == len(answers)
        assert found.total("ml_inference_duration_seconds_count") == len(answers)
        assert found.by("ml_feature_name", observations) == dict.fromkeys(data.FEATURES, len(answers))
        assert found.by("ml_feature_name", observations, 'ml_feature_bin="null"') == nulls
        return True

    eventually(counted, timeout=2 * PATIENCE)


def wait_until_found(found: Found, answers: Sequence[Answer]) -> None:
    """Every prediction that a client got is in Jaeger and in Loki, in the same trace."""
    ids = {answer.prediction_id for answer in answers}
    assert len(ids) == len(answers)
    eventually(lambda: ids <= found.events().keys(), timeout=2 * PATIENCE)
    events = found.events()

    def traced() -> bool:
        """The request above may come later than its prediction: in another message."""
        traced = found.traced()
        assert ids <= traced.keys()
        for one in ids:
            assert events[one].trace_id == traced[one].span.trace_id
            assert [span.kind for span in traced[one].ancestors] == ["server"]
        return True

    eventually(traced, timeout=2 * PATIENCE)


def test_without_the_collector_the_service_answers_and_counts_what_it_drops(
    stack: Stack, tmp_path: Path, april: Records
) -> None:
    with FlightsService(stack.collector.grpc_url, train()[0], tmp_path, SMALL_QUEUES) as service:
        found = Found(stack, service.service)
        with Clients(service.url, april) as clients:
            clients.wait_for(200)
            before, memory = list(clients.answers), service.memory()
            stack.collector.stop()
            began = time.monotonic()
            clients.wait_for(600)
            eventually(lambda: time.monotonic() - began > OUTAGE_SECONDS)
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
        eventually(lambda: accounted(found, "span", "started", found.spans()), timeout=2 * PATIENCE)
        eventually(lambda: accounted(found, "log", "created", found.records()), timeout=2 * PATIENCE)
        spans, logs = dropped_by_sdk(found, "span"), dropped_by_sdk(found, "log")
        missing = {answer.prediction_id for answer in answers} - found.events().keys()
        dropped = logs + found.total("ml_telemetry_dropped_total", 'ml_drop_signal="event"')
        print(
            f"{len(answers)} predictions, {len(missing)} events missing, {dropped} log records and {spans} spans counted "
            f"as dropped; p90 {p90(before):.3f} s before, {p90(during):.3f} s during; memory +{growth / 2**20:.1f} MiB"
        )
    assert p90(during) < SLOW_SECONDS
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
            f"p90 {p90(clients.answers):.3f} s"
        )
        assert len(found.events()) == len(found.traced()) == len(clients.answers)
    assert p90(clients.answers) < SLOW_SECONDS


def test_what_was_answered_before_the_service_was_ended_is_found(stack: Stack, tmp_path: Path, april: Records) -> None:
    with (
        FlightsService(stack.collector.grpc_url, train()[0], tmp_path) as service,
        Clients(service.url, april, count=CROWD, pause=0, keep_alive=False) as clients,
    ):
        clients.wait_for(300)
        began = time.monotonic()
        service.stop()
        ended = time.monotonic() - began
        eventually(lambda: clients.failures, what="a client to find that the service was ended while requests came")
    found = Found(stack, service.service)
    wait_until_found(found, clients.answers)
    print(f"{len(clients.answers)} predictions all found; the service ended within {ended:.1f} s")
    # one more for each client at most: predicted when its connection was already closed
    answered = len(clients.answers)
    eventually(lambda: answered <= found.total("ml_predictions_total"), timeout=2 * PATIENCE)
    assert found.total("ml_predictions_total") <= answered + CROWD

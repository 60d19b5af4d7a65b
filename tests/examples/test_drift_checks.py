"""The demo's checks of drift fail where what was told is wrong: no service is needed to show that."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from examples.flights import data
from examples.flights.alarms import Alarm, Alarms, Violation
from examples.flights.drift_checks import compare, follow, no_wolf
from examples.flights.faults import FAULTS, inject
from examples.flights.watching import Watched
from tests.semconv.messages import event, wrap

DAY = pd.Timedelta(days=1)
NULL, UNIT, CARRIER = FAULTS


@pytest.fixture(scope="module")
def trained(flights: pd.DataFrame) -> pd.DataFrame:
    return data.between(flights, "2013-01-01", "2013-04-01")


@pytest.fixture(scope="module")
def right(flights: pd.DataFrame) -> pd.DataFrame:
    return data.between(flights, "2013-04-01", "2013-06-15")


def watched(sent: pd.DataFrame, alarms: list[Alarm], violations: list[Violation]) -> Watched:
    told = Alarms()
    told.raised, told.violations, told.rows = alarms, violations, len(sent)
    times = sent["departs"].map(pd.Timestamp.isoformat)
    labels: list[dict[str, Any]] = [
        {"prediction_id": f"p{index}", "flight": flight, "departs": time}
        for index, flight, time in zip(sent.index, sent["flight"], times, strict=True)
    ]
    return Watched(sent, 86_400.0, told, labels, 1.0, True, "")


def alarm(name: str, cause: str, since: pd.Timestamp, found: pd.Timestamp, *examples: str) -> Alarm:
    return Alarm(name, "feature", cause, "up", found, since, 100, 0.5, examples)


@pytest.fixture(scope="module")
def told(right: pd.DataFrame) -> Watched:
    """A service that found everything as it is."""
    sent = inject(right)
    odd = {
        fault: sent[(sent[fault.feature] != right[fault.feature]) & sent["departs"].ge(fault.start)] for fault in FAULTS
    }
    first = {fault: rows[rows["departs"].lt(fault.end)].index[0] for fault, rows in odd.items()}
    null = odd[NULL].index[odd[NULL]["plane_year"].isna()][0]
    alarms = [
        alarm("plane_year", "null", NULL.start, NULL.start + DAY / 24, f"p{null}"),
        alarm("temp", "range", UNIT.start, UNIT.start + DAY / 4, f"p{first[UNIT]}"),
        alarm("carrier", "unseen", CARRIER.start, CARRIER.start + 2 * DAY, f"p{first[CARRIER]}"),
        alarm("temp", "range", pd.Timestamp("2013-04-09", tz="UTC"), pd.Timestamp("2013-04-10", tz="UTC")),
        alarm("dewp", "distribution", pd.Timestamp("2013-05-20", tz="UTC"), pd.Timestamp("2013-05-22", tz="UTC")),
    ]
    named = [Violation(fault.feature, fault.event, f"p{first[fault]}") for fault in (UNIT, CARRIER)]
    named.append(Violation("plane_year", "null", f"p{null}"))
    return watched(sent, alarms, named)


def failed(right: pd.DataFrame, trained: pd.DataFrame, service: Watched) -> list[str]:
    findings = [follow(fault, right, trained, (service, service)) for fault in FAULTS]
    return [check.claim for check in compare(findings, trained, service, service, 0.05) if not check.holds]


def but(service: Watched, alarms: list[Alarm], violations: list[Violation] | None = None) -> Watched:
    return watched(service.sent, alarms, service.alarms.violations if violations is None else violations)


def test_all_hold_when_everything_is_so(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    assert failed(right, trained, told) == []


def test_a_fault_that_nobody_named_in_time(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    [claim] = failed(right, trained, but(told, told.alarms.raised, []))
    assert "named within" in claim


def test_a_fault_without_an_alarm_or_with_examples_that_are_none(
    right: pd.DataFrame, trained: pd.DataFrame, told: Watched
) -> None:
    [claim] = failed(right, trained, but(told, told.alarms.raised[1:]))
    assert "raised an alarm" in claim
    innocent = right.index[right["plane_year"].notna() & right["departs"].gt(NULL.end)][0]
    wrong = replace(told.alarms.raised[0], examples=(f"p{innocent}",))
    [claim] = failed(right, trained, but(told, [wrong, *told.alarms.raised[1:]]))
    assert "examples" in claim


def test_an_alarm_that_is_not_so(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    wolf = alarm("wind_gust", "range", *(pd.Timestamp(f"2013-04-{day}", tz="UTC") for day in (10, 11)))
    [claim] = failed(right, trained, but(told, [*told.alarms.raised, wolf]))
    assert "tells what is so" in claim


def test_a_steady_feature_that_does_not_stay_silent(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    night = alarm("carrier", "distribution", *(pd.Timestamp(f"2013-05-07 0{hour}:00", tz="UTC") for hour in (1, 4)))
    [claim] = failed(right, trained, but(told, [*told.alarms.raised, night]))
    assert "stay silent" in claim


def test_a_season_that_nobody_noticed(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    [claim] = failed(right, trained, but(told, told.alarms.raised[:3]))
    assert "temperature and dew point" in claim


def test_lost_predictions(right: pd.DataFrame, trained: pd.DataFrame, told: Watched) -> None:
    told = but(told, told.alarms.raised)
    told.alarms.lost += 1
    [claim] = failed(right, trained, told)
    assert "none was lost" in claim


def test_crying_wolf_about_summer() -> None:
    training = {"temp": [50.0], "dewp": [3.0, 40.0]}
    assert no_wolf({"temp": [1.0, 6.5, 3.0], "visib": [40.0]}, training).holds
    assert not no_wolf({"temp": [1.0], "dewp": [20.0]}, training).holds


def test_alarms_are_kept_until_they_are_over() -> None:
    drift = {
        "ml.drift.subject": "feature",
        "ml.feature.name": "temp",
        "ml.violation.type": "range",
        "ml.drift.direction": "up",
        "ml.drift.since": "2013-04-09T00:00:00Z",
        "ml.drift.rows": 983,
        "ml.drift.score": 0.7,
        "ml.drift.examples": ["p1"],
    }
    violation = {"ml.feature.name": "temp", "ml.violation.type": "range", "ml.prediction.id": "p1"}
    kept = Alarms()
    for name, day, attributes in (
        ("ml.feature.violation", 9, violation),
        ("ml.feature.violation", 9, {**violation, "ml.prediction.id": "p2"}),
        ("ml.drift.detected", 10, drift),
        ("ml.drift.resolved", 16, drift),
        ("ml.prediction", 16, {"ml.prediction.id": "p3"}),
    ):
        record = event(attributes, name=name)
        record.time_unix_nano = pd.Timestamp(f"2013-04-{day}", tz="UTC").value
        kept.consume_logs(ExportLogsServiceRequest(resource_logs=[wrap(record)]))
    [found] = kept.raised
    assert (found.name, found.cause, found.examples) == ("temp", "range", ("p1",))
    assert (found.since.day, found.found.day, found.resolved and found.resolved.day) == (9, 10, 16)
    assert kept.violations == [Violation("temp", "range", "p1")]

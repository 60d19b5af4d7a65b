"""Compare what the service told of drift with the flights that it was sent."""

from dataclasses import dataclass

import pandas as pd

from examples.flights import data
from examples.flights.alarms import DISTRIBUTION, Alarm
from examples.flights.checks import Check
from examples.flights.differences import is_so, odd, steady
from examples.flights.faults import Fault, touched
from examples.flights.watching import Watched

NAMED_WITHIN = pd.Timedelta(minutes=15)
SEASONAL = ("temp", "dewp")
SUMMER = pd.Timestamp("2013-06-21", tz="UTC")
DAYS_OF_NEWS = 7 + 64 / 24
"""By then all of the last 64 hours, as far as is looked back, are compared with hours of the new weather."""


@dataclass(frozen=True)
class Finding:
    """What became of a fault.

    Attributes:
        fault: The fault.
        first: When the first flight with it was due to leave.
        named: When the service first told of the feature and of what was odd, in an event of either kind.
        alarms: The alarm of each service that raised one.
        before: Flights with the fault up to then, for each.
        shown: Whether the examples of all alarms are flights whose value is odd in that way.
    """

    fault: Fault
    first: pd.Timestamp
    named: pd.Timestamp | None
    alarms: tuple[tuple[Watched, Alarm], ...]
    before: tuple[int, ...]
    shown: bool


def follow(fault: Fault, right: pd.DataFrame, trained: pd.DataFrame, services: tuple[Watched, ...]) -> Finding:
    """Look for a fault in all that services told.

    Args:
        fault: The fault.
        right: All flights, as they were before it.
        trained: The flights that the model was trained on.
        services: Those that were sent flights with it; the first one is asked when it named the fault.
    """
    quick = services[0]
    departures = [_departures(fault, right, service) for service in services]
    first = departures[0].min()
    alarms, before, shown = [], [], True
    for service, departs in zip(services, departures, strict=True):
        found = [alarm for alarm in service.alarms.raised if _is_about(alarm, fault)]
        for alarm in found[:1]:
            alarms.append((service, alarm))
            before.append(int((departs < alarm.found).sum()))
            examples = service.flights_of(alarm.examples)[fault.feature]
            shown &= len(examples) > 0 and bool(odd(trained[fault.feature], examples, fault.event).all())
    told = [alarm.found for service, alarm in alarms if service is quick]
    for violation in quick.alarms.violations:
        if (violation.feature, violation.event) == (fault.feature, fault.event):
            told += quick.flights_of((violation.prediction_id,))["departs"].tolist()
    told = [time for time in told if time >= first]
    return Finding(fault, first, min(told, default=None), tuple(alarms), tuple(before), shown)


def _departures(fault: Fault, right: pd.DataFrame, service: Watched) -> pd.Series:
    hit = touched(right.loc[service.sent.index], service.sent, fault)
    departs: pd.Series = service.sent.loc[hit, "departs"]
    return departs


def _is_about(alarm: Alarm, fault: Fault) -> bool:
    same = (alarm.name, alarm.cause) == (fault.feature, fault.event)
    return same and alarm.found >= fault.start and alarm.since < fault.end


def compare(
    findings: list[Finding], trained: pd.DataFrame, quick: Watched, season: Watched, tolerance: float
) -> list[Check]:
    """Check what was found against the flights.

    Args:
        findings: About each fault.
        trained: The flights that the model was trained on.
        quick: The service that looks every minute.
        season: The one that looks every day.
        tolerance: Total variation up to which a difference does not matter.
    """
    both = (quick, season)
    return [
        Check(
            "every flight was answered, and none was lost to the monitor",
            all(len(one.labels) == one.alarms.rows == len(one.sent) and not one.alarms.lost for one in both),
            f"{sum(one.alarms.rows - one.alarms.lost for one in both):,}",
        ),
        _named(findings),
        Check(
            "every fault raised an alarm, and its examples are flights with such a value",
            all(finding.alarms and finding.shown for finding in findings),
            ", ".join(f"{one.fault.feature} after {min(one.before, default=0)} of them" for one in findings),
        ),
        _true(trained, both, tolerance),
        _seasonal(findings, season),
        _silent(findings, trained, season, tolerance),
        Check("both services ended by themselves", all(one.ended for one in both), ""),
    ]


def _named(findings: list[Finding]) -> Check:
    delays = {one.fault.feature: None if one.named is None else one.named - one.first for one in findings}
    told = ", ".join(f"{name} {'never' if delay is None else _minutes(delay)}" for name, delay in delays.items())
    good = all(delay is not None and delay <= NAMED_WITHIN for delay in delays.values())
    return Check(f"every fault was named within {_minutes(NAMED_WITHIN)} of flight time", good, told)


def _true(trained: pd.DataFrame, services: tuple[Watched, ...], tolerance: float) -> Check:
    told = [(one, alarm) for one in services for alarm in one.alarms.raised if alarm.name in data.FEATURES]
    wrong = [alarm for one, alarm in told if not _holds(trained, one, alarm, tolerance)]
    example = "".join(f", but not {one.name} ({one.cause}) on {one.found:%d %b}" for one in wrong[:1])
    return Check(
        "every alarm of a feature tells what is so in the flights it is about", not wrong, f"{len(told)}{example}"
    )


def _holds(trained: pd.DataFrame, service: Watched, alarm: Alarm, tolerance: float) -> bool:
    about = service.sent[service.sent["departs"].between(alarm.since, alarm.found, inclusive="left")]
    return is_so(trained[alarm.name], about[alarm.name], alarm.cause, tolerance)


def _seasonal(findings: list[Finding], season: Watched) -> Check:
    faulty = {id(alarm) for finding in findings for _, alarm in finding.alarms}
    first = {
        name: min((a.found for a in season.alarms.raised if a.name == name and id(a) not in faulty), default=None)
        for name in SEASONAL
    }
    told = ", ".join(f"{name} {'never' if date is None else f'{date:%d %b}'}" for name, date in first.items())
    good = all(date is not None and date < SUMMER for date in first.values())
    return Check("temperature and dew point raise an alarm in spring", good, told)


def _silent(findings: list[Finding], trained: pd.DataFrame, season: Watched, tolerance: float) -> Check:
    faulty = {(one.fault.feature, one.fault.event) for one in findings}
    same = steady(trained, season.sent, data.FEATURES, tolerance)
    loud = [a for a in season.alarms.raised if a.name in same and (a.name, a.cause) not in faulty]
    told = ", ".join(same) + "".join(f"; but {one.name} ({one.cause}) on {one.found:%d %b}" for one in loud[:1])
    return Check("features that are every month as in training stay silent", bool(same) and not loud, told)


def no_wolf(week: dict[str, list[float]], training: dict[str, list[float]]) -> Check:
    """Check that summer is no news to whoever compares with the week before.

    Weather that changes is news there, too, but only until it is what one compares with.

    Args:
        week: Days that each alarm lasted by feature, compared with the same hours a week before.
        training: The same, compared with the training data.
    """
    lasted, lasted_there = ([days for name in SEASONAL for days in found.get(name, [])] for found in (week, training))
    return Check(
        "compared with the same hours of the week before, warmer weather is news for little more than a week",
        max(lasted, default=0.0) < DAYS_OF_NEWS,
        f"{sum(lasted):.0f} days in all, {max(lasted, default=0.0):.1f} at a time; "
        f"against the training data {sum(lasted_there):.0f}, and {max(lasted_there, default=0.0):.1f}",
    )


def _minutes(delay: pd.Timedelta) -> str:
    return f"{delay.total_seconds() / 60:.0f} min"


def causes(alarm: Alarm) -> str:
    """What an alarm is about, in words."""
    if alarm.cause == DISTRIBUTION:
        return {"up": "larger", "down": "smaller", "mixed": "otherwise distributed"}.get(
            alarm.direction, alarm.direction
        )
    if alarm.cause == "null":
        return alarm.direction.replace("_", " ") if alarm.direction else "null"
    return {"range": "out of the range trained on", "unseen": "never seen before"}.get(alarm.cause, alarm.cause)

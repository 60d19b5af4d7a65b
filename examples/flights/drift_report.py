"""Show what was told of drift: the faults, and the story of the season, the longest first."""

from itertools import groupby

import pandas as pd
from rich.console import Console
from rich.table import Table

from examples.flights.alarms import DISTRIBUTION, Alarm
from examples.flights.drift_checks import Finding, causes
from examples.flights.watching import Watched
from otel_ml.cli.printable import value

SHOWN = 12


def faults(console: Console, findings: list[Finding]) -> None:
    """Each fault, when it was named, and the alarms about it with a prediction to follow."""
    for finding in findings:
        console.print()
        console.print(f"{finding.fault.what}, from {finding.first:%d %b %H:%M} on")
        if finding.named is not None:
            minutes = (finding.named - finding.first).total_seconds() / 60
            console.print(f"  named after {minutes:.0f} min: {finding.fault.feature} {finding.fault.event}")
        for (service, alarm), before in zip(finding.alarms, finding.before, strict=True):
            console.print(
                f"  alarm on {alarm.found:%d %b %H:%M}, looked at {_every(service)}, {before:,} such flights later: "
                f"{alarm.score:.1%} of {alarm.rows:,} predictions; since {alarm.since:%d %b %H:%M}"
            )
            _example(console, service, alarm)


def season(console: Console, watched: Watched, findings: list[Finding]) -> None:
    """A line for each feature and what was odd about it, but for the faults."""
    faulty = {id(alarm) for finding in findings for _, alarm in finding.alarms}
    others = [alarm for alarm in watched.alarms.raised if id(alarm) not in faulty]
    ordered = sorted(others, key=lambda one: (one.name, one.cause))
    groups = [list(alarms) for _, alarms in groupby(ordered, key=lambda one: (one.name, one.cause))]
    end = watched.sent["departs"].iloc[-1]
    groups.sort(key=lambda alarms: -_days(alarms, end))
    table = Table(
        box=None, padding=(0, 2, 0, 0), title="Drift from day to day, the longest first", title_justify="left"
    )
    for title in ("", "days", "first", "what", "how far", "a prediction to follow"):
        table.add_column(title, justify="right" if title == "days" else "left", no_wrap=title != "what")
    for alarms in groups[:SHOWN]:
        worst = max(alarms, key=lambda one: one.score)
        still = "" if alarms[-1].resolved is not None else " and still"
        table.add_row(
            worst.name,
            f"{_days(alarms, end):.0f}{still}",
            f"{alarms[0].found:%d %b}",
            causes(alarms[0]),
            _how_far(worst),
            worst.examples[0] if worst.examples else "",
        )
    console.print()
    console.print(table)
    if len(groups) > SHOWN:
        console.print(f"and {len(groups) - SHOWN} more")


def _days(alarms: list[Alarm], end: pd.Timestamp) -> float:
    ends = [end if alarm.resolved is None else alarm.resolved for alarm in alarms]
    spans = [until - alarm.found for alarm, until in zip(alarms, ends, strict=True)]
    return float(sum(spans, pd.Timedelta(0)) / pd.Timedelta(days=1))


def _how_far(alarm: Alarm) -> str:
    return f"TV {alarm.score:.2f}" if alarm.cause == DISTRIBUTION else f"{alarm.score:.1%} of rows"


def _every(service: Watched) -> str:
    return {60.0: "every minute", 86_400.0: "every day"}.get(service.window, f"every {service.window:g} s")


def _example(console: Console, service: Watched, alarm: Alarm) -> None:
    flights = service.flights_of(alarm.examples[:1])
    if len(flights):
        flight = flights.iloc[0]
        seen = flight[alarm.name]
        told = "null" if pd.isna(seen) else value(seen)
        console.print(f"  such as {alarm.examples[0]}: {flight['flight']}, {alarm.name} {told}")

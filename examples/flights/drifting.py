"""The second half of the demo: real flights of spring and summer, with faults in them, and what the service tells of drift."""

import tempfile
from pathlib import Path

from rich.console import Console

from examples.flights import baseline, data, drift_report, report
from examples.flights.checks import Check
from examples.flights.drift_checks import compare, follow, no_wolf
from examples.flights.faults import FAULTS, inject
from examples.flights.forward import Forward
from examples.flights.last_week import alarm_days
from examples.flights.train import TRAINED_ON, train
from examples.flights.watching import Watched, environment, watch
from otel_ml.drift import Settings

MINUTE, DAY = 60.0, 86_400.0
FAULTY_DAYS = ("2013-04-02 12:00", "2013-04-04 14:00")
SEASON = ("2013-04-01", "2013-09-01")
COMPARED = ("2013-05-01", "2013-07-01")
"""The two months in which spring becomes summer."""


def run(console: Console, workers: int, forward: Forward | None) -> list[Check]:
    """Do all of it; returns what was checked."""
    flights = data.load()
    trained = data.between(flights, *TRAINED_ON)
    model, _ = train()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flights.baseline.json"
        report.phase(console, "5  fit a baseline of January to March, and put faults into the flights after that")
        fitted = baseline.fit(flights, model)
        fitted.save(path)
        console.print(
            f"{path.name}, {path.stat().st_size / 1000:.0f} kB: {fitted.rows:,} flights, "
            f"{len(fitted.variables)} variables, id {fitted.id}"
        )
        for fault in FAULTS:
            console.print(f"{fault.start:%d %b %H:%M} to {fault.end:%d %b %H:%M} UTC: {fault.what}")
        services = []
        for title, (start, end), window, processes in (
            ("6  two days of April, looked at every minute", FAULTY_DAYS, MINUTE, workers),
            # By one process: two would be more days apart than a prediction may be late, as ten go by in a second.
            ("7  spring and summer, looked at every day: a window has all hours of the day in it", SEASON, DAY, 1),
        ):
            report.phase(console, title)
            shown = environment(path, window, Path(folder)).items()
            console.print(
                " ".join(f"{name}={value}" for name, value in shown if "DIRECTORY" not in name), soft_wrap=True
            )
            sent = inject(data.between(flights, start, end))
            services.append(watch(sent, window, model, path, processes, forward))
            _tell(console, services[-1])
    quick, season = services
    findings = [follow(fault, flights, trained, (quick, season)) for fault in FAULTS]
    report.phase(console, "8  what was found")
    drift_report.faults(console, findings)
    drift_report.season(console, season, findings)
    checks = compare(findings, trained, quick, season, Settings().tolerance)
    some = data.between(flights, *COMPARED)
    return [*checks, no_wolf(alarm_days(some, fitted, "last_week"), alarm_days(some, fitted, "baseline"))]


def _tell(console: Console, watched: Watched) -> None:
    console.print(
        f"{len(watched.labels):,} predictions in {watched.seconds:.1f} s; alarms: {len(watched.alarms.raised)}; "
        f"kinds of odd values: {len(watched.alarms.violations)}"
    )
    if not (watched.ended and len(watched.labels) == watched.alarms.rows == len(watched.sent)):
        console.print(f"The service printed:\n{watched.log}", soft_wrap=True)

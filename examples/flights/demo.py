"""Serve a real model on real data with full telemetry, watch it, and check that all of it arrived.

python -m examples.flights.demo --flights 1500 --seconds 30
"""

import io
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from examples.flights import data, drifting, report
from examples.flights.checks import Check, compare, follow
from examples.flights.evidence import Evidence
from examples.flights.forward import Forward
from examples.flights.service import Service, ServiceError
from examples.flights.traffic import Traffic
from examples.flights.train import train
from otel_ml.cli.tail.session import Session
from otel_ml.service.consumer import QueueConsumer
from otel_ml.service.receiver import Receiver

STOP_SECONDS = 120.0
SETTLE_SECONDS = 60.0
"""How long the view may wait for the rest of a prediction: longer than any export interval here."""


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--flights", type=click.IntRange(20), default=1500, show_default=True, help="how many, from April on")
@click.option("--seconds", type=click.FloatRange(1), default=30.0, show_default=True, help="for how long")
@click.option("--speedup", type=click.FloatRange(1), help="seconds of 2013 a second, instead of --seconds")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="processes that serve")
@click.option("--drift/--no-drift", default=True, show_default=True, help="watch spring and summer for drift, too")
@click.option("--forward", metavar="URL", help="send all telemetry on to this OTLP endpoint (HTTP), too")
def main(flights: int, seconds: float, speedup: float | None, workers: int, drift: bool, forward: str | None) -> None:
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the terminal may know no Unicode
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False, markup=False, emoji=False)
    try:
        on = Forward(forward) if forward else None
        checks = run(console, flights, seconds, speedup, workers, on)
        if drift:
            checks += drifting.run(console, workers, on)
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    report.verdict(console, checks)
    sys.exit(0 if all(check.holds for check in checks) else 1)


def run(
    console: Console, limit: int, seconds: float, speedup: float | None, workers: int, forward: Forward | None
) -> list[Check]:
    """Serve, replay, and follow every prediction; returns what was checked."""
    report.phase(console, "1  train: once, then the model is cached")
    model, quality = train()
    console.print(quality)
    flights = data.between(data.load(), "2013-04-01", "2014-01-01")[:limit]
    evidence = Evidence(report.open_view(console, len(flights)))
    session = Session(evidence, settle=SETTLE_SECONDS)

    queue = QueueConsumer()
    consumer = forward.before(queue) if forward else queue
    with tempfile.TemporaryDirectory() as directory, Receiver(consumer, grpc_port=0, http_port=None) as receiver:
        traffic = Traffic(flights, seconds, speedup, Path(directory) / "labels.jsonl")
        with Service(str(receiver.grpc_endpoint), model, workers, Path(directory) / "service.log") as service:
            report.phase(console, "2  serve: no telemetry in the app, opentelemetry-instrument adds it")
            console.print("$ " + " ".join(service.command), soft_wrap=True)
            service.wait_until_ready()
            console.print(f"ready at {service.url}")
            report.phase(
                console, f"3  replay {len(flights):,} flights, {traffic.speedup:,.0f} times as fast as in 2013"
            )
            try:
                evidence.listening(receiver)
                traffic.start(service.url)
                while traffic.running:
                    pump(queue, session, wait=0.1)
                ended = stop(service, queue, session)
                session.finish()
            finally:
                evidence.close()
        log = service.log_tail()
        labels = traffic.labels()

    report.phase(console, "4  follow one prediction, and count them all")
    checks = compare(flights, labels, traffic.requests, evidence)
    followed = follow(labels, evidence)
    checks.append(Check("one prediction was followed from the HTTP header to the exemplar", followed is not None, ""))
    checks.append(Check("the service ended by itself when it was asked to", ended, ""))
    report.figures(console, traffic, evidence)
    if followed:
        report.one_prediction(console, followed)
    for reason, count in traffic.failures.most_common():
        console.print(f"no answer for {count:,} flights: {reason}")
    if log and not all(check.holds for check in checks):
        console.print(f"The service printed:\n{log}", soft_wrap=True)
    return checks


def pump(queue: QueueConsumer, session: Session, wait: float) -> bool:
    """Hand what was received to the view; returns whether there was anything."""
    messages = queue.take(timeout=wait)
    for message in messages:
        session.feed(message, time.monotonic())
    session.tick(time.monotonic())
    return bool(messages)


def stop(service: Service, queue: QueueConsumer, session: Session) -> bool:
    """Stop the service and take the last of its telemetry; returns whether it ended in time."""
    service.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while service.running and time.monotonic() < deadline:
        pump(queue, session, wait=0.1)
    while pump(queue, session, wait=0):
        pass
    return not service.running


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that the service is stopped too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

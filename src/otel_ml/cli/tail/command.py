"""`otel-ml tail`: an OTLP endpoint that prints predictions as they come."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from otel_ml.cli.tail.session import Session, View
    from otel_ml.service.consumer import QueueConsumer

_POLL = 0.1
_PORT = click.IntRange(0, 65_535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; OTLP has no password.")
@click.option("--grpc-port", type=_PORT, default=4317, show_default=True, help="0 takes any free port.")
@click.option("--http-port", type=_PORT, default=4318, show_default=True, help="0 takes any free port.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="End after N predictions.")
@click.option(
    "--duration",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="End after this time; exit status 1 if --limit was not reached.",
)
@click.option(
    "--summary-every",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Print the figures this often, and not only at the end.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=7.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a prediction may wait for its span or its event.",
)
@click.option(
    "--rate",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    metavar="N",
    help="On a terminal, show at most N calls a second; all are counted. 0 shows all.",
)
@click.option(
    "--rows",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    metavar="N",
    help="In text, show at most N rows of a call; all are counted. 0 shows all.",
)
def tail(
    host: str,
    grpc_port: int,
    http_port: int,
    output: str,
    limit: int | None,
    duration: float | None,
    summary_every: float | None,
    settle: float,
    rate: int,
    rows: int,
) -> None:
    """Prints predictions as services send them over OTLP.

    Point a service here with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 (the default of the exporters), or
    4318 for http/protobuf. On a terminal the figures stay at the bottom; into a pipe it prints plain lines, or with
    --output json one JSON object a line. Ctrl-C ends it with a summary.
    """
    from otel_ml.cli.tail.session import Session
    from otel_ml.service.consumer import QueueConsumer
    from otel_ml.service.receiver import Receiver, ReceiverError

    view = _view(output, rate, rows)
    session = Session(view, limit, settle)
    queue = QueueConsumer()
    stop = _StopSignals()
    try:
        try:
            with Receiver(queue, host, grpc_port, http_port) as receiver:
                view.listening(receiver)
                _run(session, queue, stop, duration, summary_every)
            # What was acknowledged before the receiver stopped still counts.
            while messages := queue.take(timeout=0):
                for message in messages:
                    session.feed(message, time.monotonic())
            session.finish()
        finally:
            view.close()
            stop.restore()
    except ReceiverError as error:
        raise click.ClickException(str(error)) from None
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if limit is not None and not session.done and not stop.received:
        sys.exit(1)


def _run(
    session: Session, queue: QueueConsumer, stop: _StopSignals, duration: float | None, summary_every: float | None
) -> None:
    begin = now = time.monotonic()
    summarised = begin
    while not (stop.received or session.done or (duration is not None and now - begin >= duration)):
        for message in queue.take(timeout=_POLL):
            session.feed(message, now)
        now = time.monotonic()
        session.tick(now)
        if summary_every is not None and now - summarised >= summary_every:
            summarised = now
            session.summarise()


def _view(output: str, rate: int, rows: int) -> View:
    if output == "json":
        from otel_ml.cli.tail.json_lines import JsonView

        return JsonView(sys.stdout)
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without Unicode must not end it, nor change a width
        sys.stdout.reconfigure(errors="replace" if console.is_terminal else "backslashreplace")
    if console.is_terminal:
        from otel_ml.cli.tail.live import LiveView

        return LiveView(console, rate, rows)
    from otel_ml.cli.tail.text import TextView

    return TextView(sys.stdout, rows)


class _StopSignals:
    """Notes SIGINT and SIGTERM for the loop to see; a second one takes its usual course."""

    def __init__(self) -> None:
        self.received = False
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore(self) -> None:
        """Puts the handlers of before back."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self.restore()

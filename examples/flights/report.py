"""What the demo shows: on a terminal the live view of `otel-ml tail`, into a log file fewer, plain lines."""

import sys

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from examples.flights.checks import Check, Followed
from examples.flights.evidence import Evidence
from examples.flights.replay import ID_HEADER
from examples.flights.traffic import Traffic
from otel_ml.cli.printable import milliseconds, printable, value
from otel_ml.cli.tail.live import LiveView
from otel_ml.cli.tail.session import View
from otel_ml.cli.tail.text import TextView, output_text, request_text
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.service import fields
from otel_ml.service.predictions import Prediction
from otel_ml.service.records import Span
from otel_ml.service.totals import Durations

SHOWN = 10


class SparseView(TextView):
    """Plain lines, but only for some predictions.

    Args:
        every: Shows one of so many.
    """

    def __init__(self, every: int) -> None:
        super().__init__(sys.stdout)
        self._every = every
        self._seen = 0

    def predictions(self, predictions: list[Prediction]) -> None:
        for prediction in predictions:
            if self._seen % self._every == 0:
                super().predictions([prediction])
            self._seen += 1


def open_view(console: Console, predictions: int) -> View:
    """The live view on a terminal, else about `SHOWN` lines."""
    return LiveView(console, rate=1) if console.is_terminal else SparseView(max(1, predictions // SHOWN))


def phase(console: Console, title: str) -> None:
    """A heading."""
    console.print()
    console.print(Rule(title, align="left"))


def figures(console: Console, traffic: Traffic, evidence: Evidence) -> None:
    """Throughput and latency as the server spans and the model spans have them."""
    sent = len(evidence.joined)
    console.print(
        f"{sent:,} predictions in {traffic.requests:,} requests, two of them batches, in {traffic.seconds:.1f} s: "
        f"{sent / traffic.seconds:.1f} predictions a second"
    )
    servers = {id(found.server): found.server for found in evidence.joined.values() if found.server}
    calls = {id(call): call for found in evidence.joined.values() for call in found.calls}
    for title, spans in (("request", servers), ("model", calls)):
        durations = Durations()
        for span in spans.values():
            durations.add(span.seconds)
        if latency := durations.percentiles():
            console.print(f"{title:>8}  median {milliseconds(latency.p50)}, p99 {milliseconds(latency.p99)}")


def one_prediction(console: Console, followed: Followed) -> None:
    """One prediction from signal to signal, by its ids."""
    label, answer = followed.label, followed.label["response"]
    server, call, event, exemplar = followed.server, followed.call, followed.event, followed.exemplar
    became = {True: "it was late", False: "it was on time", None: "it never arrived"}[label["late"]]
    seen = ", ".join(f"{name}={value(item)}" for name, item in fields.features(call.attributes).items())
    prediction = Prediction(event, call, (call,), (server,))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, title="One prediction", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for part, lines in {
        "HTTP": [
            f"{label['flight']}, due {label['departs']}: {request_text(server)}",
            f"probability {answer['probability']:.4f}, announced {'late' if answer['late'] else 'on time'}; {became}",
            f"{ID_HEADER}: {label['prediction_id']}",
        ],
        "spans": [
            f"trace {call.trace_id}",
            _span(server),
            f"└─ {_span(call)}",
            f"   {names.ML_PREDICTION_ID}: {call.attributes[names.ML_PREDICTION_ID]}",
            f"   {seen}",
            f"   null: {', '.join(fields.null_names(call.attributes))}",
            f"   -> {output_text(prediction)}",
        ],
        "event": [
            f"{event.event}: trace {event.trace_id}, span {event.span_id}",
            f"{names.ML_PREDICTION_ID}: {event.attributes[names.ML_PREDICTION_ID]}",
        ],
        "metric": [
            f"{metrics.ML_INFERENCE_DURATION.name}: exemplar {milliseconds(exemplar.value)}",
            f"trace {exemplar.trace_id}, span {exemplar.span_id}",
        ],
    }.items():
        table.add_row(part, Text(printable_lines(lines)))
    console.print()
    console.print(table)


def verdict(console: Console, checks: list[Check]) -> None:
    """Each check with a mark, and the result."""
    console.print()
    for check in checks:
        mark = ("ok    ", "bold green") if check.holds else ("FAILED", "bold red")
        console.print(Text.assemble(mark, f"  {check.claim}", (f"  {check.detail}", "dim")), soft_wrap=True)
    failed = sum(not check.holds for check in checks)
    console.print()
    console.print(f"{failed} of {len(checks)} checks failed" if failed else f"all {len(checks)} checks hold")


def printable_lines(lines: list[str]) -> str:
    """Several lines with whatever they hold made harmless to the terminal."""
    return "\n".join(printable(line) for line in lines)


def _span(span: Span) -> str:
    return f"{span.name} ({span.kind}), {milliseconds(span.seconds)}, span {span.span_id}"

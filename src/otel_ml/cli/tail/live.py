"""`otel-ml tail` on a terminal: predictions scroll by as trees, the figures stay at the bottom."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from otel_ml.cli.printable import clock, count, milliseconds, plural, printable, shorten, value
from otel_ml.cli.tail.findings import ALARMS, finding
from otel_ml.cli.tail.panel import Figures
from otel_ml.cli.tail.text import ROWS, by_call, call_text, endpoints, event_text, model_text, output_text, request_text
from otel_ml.semconv import attributes as names
from otel_ml.service import fields
from otel_ml.service.predictions import Prediction
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Log, Point, Span
from otel_ml.service.summary import Summary

_FEATURES = 30
_WHOLE_IDS = 110
_SIDE_BY_SIDE = 90
_TREE = 46
_REFRESH = 0.25
_RATE_WINDOW = 5.0
_MARGIN = 3  # the terminal echoes ^C behind the panel: it must not wrap there, or the next redraw is a line off


class LiveView:
    """Trees above a panel.

    Args:
        console: A terminal.
        rate: Calls to show in a second; more cannot be read, and they still count. 0 shows all.
        rows: Rows of a call to show. 0 shows all.
    """

    def __init__(self, console: Console, rate: int = 5, rows: int = ROWS) -> None:
        self._console = console
        self._rate = rate
        self._rows = rows
        self._shown_since = 0.0
        self._shown = 0
        self._hidden = 0
        self._refreshed = 0.0
        self._title = "otel-ml tail"
        self._totals: deque[tuple[float, float]] = deque()
        self._live = Live(console=console, auto_refresh=False)

    def listening(self, receiver: Receiver) -> None:
        """Says where to send, and opens the panel."""
        self._console.print(Text(endpoints(receiver), style="dim"))
        self._live.start()

    def predictions(self, predictions: list[Prediction]) -> None:
        """A tree a call, with its first rows."""
        for rows in by_call(predictions):
            if self._may_show():
                self._console.print(call_renderable(rows, self._rows or len(rows), self._console.width))

    def event(self, event: Log) -> None:
        """An `ml.*` event that is no prediction."""
        is_alarm = event.event in ALARMS
        if is_alarm or self._may_show():
            style = "yellow" if event.severity.startswith("WARN") else "green" if is_alarm else "dim"
            self._console.print(event_renderable(event, f"bold {style}" if is_alarm else style))

    def points(self, points: list[Point]) -> None:
        """Metrics show in the panel."""

    def refresh(self, summarise: Callable[[], Summary]) -> None:
        """Redraws the panel."""
        now = time.monotonic()
        if now - self._refreshed >= _REFRESH:
            self._refreshed = now
            self._live.update(self._panel(summarise(), now), refresh=True)

    def summary(self, summary: Summary) -> None:
        """Leaves the panel as it is now on the screen."""
        self._live.update(self._panel(summary, time.monotonic()), refresh=True)

    def close(self) -> None:
        """Gives the terminal back."""
        self._live.stop()

    def _may_show(self) -> bool:
        now = time.monotonic()
        if now - self._shown_since >= 1.0:
            self._shown_since, self._shown = now, 0
        if self._rate and self._shown >= self._rate:
            self._hidden += 1
            return False
        self._shown += 1
        return True

    def _panel(self, summary: Summary, now: float) -> Panel:
        total = sum(model.predictions for model in summary.models)
        self._totals.append((now, total))
        while now - self._totals[0][0] > _RATE_WINDOW:
            self._totals.popleft()
        then, before = self._totals[0]
        title = self._title
        if now > then and total > before:
            title += f", {(total - before) / (now - then):.3g} predictions/s"
        hidden = f"{count(self._hidden)} calls not shown: at most {self._rate} a second" if self._hidden else None
        return Panel(
            Figures(summary),
            title=title,
            title_align="left",
            subtitle=hidden,
            subtitle_align="left",
            width=max(20, self._console.width - _MARGIN),
        )


def event_renderable(event: Log, style: str) -> RenderableType:
    """An event in one line; what was found as it is, and below it where to look."""
    found = finding(event)
    if found is None:
        return Text(event_text(event), style=style, no_wrap=True, overflow="ellipsis")
    line = Text(clock(event.time), style="bold").append(f"  {event.event}  ", style="not bold dim")
    line.append(printable(found[0]), style=style)
    return Group(line, *(Padding(Text(printable(part), style="dim"), (0, 0, 0, 4)) for part in found[1:] if part))


def call_renderable(rows: list[Prediction], shown: int, width: int) -> RenderableType:
    """One call: its ids, the spans above it as a tree, and beside them what came out and what went in."""
    details = Table.grid(padding=(0, 2))
    details.add_column(max_width=28)
    details.add_column()
    for row in rows[:shown]:
        details.add_row(_output(row), _inputs(row))
    if len(rows) > shown:
        details.add_row("", Text(plural(len(rows) - shown, "more row"), style="dim"))
    parts: list[RenderableType] = [_ids(rows[0], width)]
    if width < _SIDE_BY_SIDE:
        parts += [_tree(rows[0]), Padding(details, (0, 0, 0, 4))]
    else:
        beside = Table.grid(padding=(0, 2), expand=True)
        beside.add_column(width=_TREE)
        beside.add_column(ratio=1)
        beside.add_row(_tree(rows[0]), details)
        parts.append(beside)
    return Padding(Group(*parts), (0, 0, 1, 0))


def _ids(row: Prediction, width: int) -> Text:
    show = printable if width >= _WHOLE_IDS else shorten
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(clock(row.time), style="bold")
    line.append(f"  {printable(fields.service_name(row.source.resource), 30)}")
    line.append(f"  id {show(str(row.attributes.get(names.ML_PREDICTION_ID, '')))}", style="dim")
    if row.trace_id:
        line.append(f"  trace {show(row.trace_id)}", style="dim")
    return line


def _tree(row: Prediction) -> RenderableType:
    labels = [_span(span) for span in row.path]
    calls = [_call(span, row) for span in row.calls] or [Text(printable(call_text(row)), style="bold")]
    if not labels:
        return Group(*calls)
    root = branch = Tree(labels[0], guide_style="dim")
    for label in labels[1:]:
        branch = branch.add(label)
    for call in calls:
        branch.add(call)
    return root


def _span(span: Span) -> Text:
    return _timed(request_text(span) if span.kind == "server" else span.name, span)


def _call(span: Span, row: Prediction) -> Text:
    """Operation and model, on two lines if one is too short for them."""
    attributes = row.attributes
    size = attributes.get(names.ML_BATCH_SIZE, 1)
    operation = str(span.attributes.get(names.ML_OPERATION_NAME, span.name)) + (f" {size} rows" if size != 1 else "")
    model = printable(model_text(attributes), _TREE - 4)
    if len(operation) + len(model) < _TREE - 16:
        return _timed(f"{operation} {model}", span, "bold")
    return _timed(operation, span, "bold").append(f"\n{model}", style="dim")


def _timed(text: str, span: Span, style: str = "") -> Text:
    label = Text(printable(text, _TREE - 14), style="red" if span.status == "error" else style)
    return label.append(f"  {milliseconds(span.seconds)}", style="not bold cyan")


def _output(row: Prediction) -> Text:
    text = output_text(row)
    return Text(printable(text), style="bold red" if text.startswith("failed") else "bold green")


def _inputs(row: Prediction) -> Text:
    attributes = row.attributes
    features = list(fields.features(attributes).items())
    known = [Text(f"{printable(name, 40)}=", style="dim").append(value(item), "not dim") for name, item in features]
    parts = known[:_FEATURES]
    if len(known) > _FEATURES:
        parts.append(Text(f"{len(known) - _FEATURES} more", style="dim"))
    if nulls := fields.null_names(attributes):
        text = ", ".join(printable(name, 40) for name in nulls[:_FEATURES])
        parts.append(Text(f"null: {text}", style="yellow"))
    for name, item in fields.caller(attributes).items():
        parts.append(Text(f"{printable(name, 60)}=", style="dim").append(value(item), "not dim"))
    return Text("  ").join(parts)

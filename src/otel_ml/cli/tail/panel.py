"""The figures of `otel-ml tail` for people: under the live view, and at the end of plain output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from otel_ml.cli.printable import count, milliseconds, percent, plural, printable, value
from otel_ml.service.summary import ModelSummary, Summary

_ROWS = 10
_BAR = 16
_SPARKS = "▁▂▃▄▅▆▇█"
_SIDE_BY_SIDE = 90


class Figures:
    """A summary as a rich renderable that fits the width of the console."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders the models with most predictions."""
        models = sorted(self._summary.models, key=lambda model: -model.predictions)
        room = max(1, options.size.height // 14)
        if not models:
            yield Text("no predictions yet", style="dim")
        for model in models[:room]:
            yield _model(model, options)
        if len(models) > room:
            yield Text(f"and {plural(len(models) - room, 'more model')}", style="dim")
        if self._summary.refused_series:
            yield Text(f"{count(self._summary.refused_series)} points left out: too many series", style="yellow")


def headline(model: ModelSummary) -> Text:
    """Name, version, and how much it predicted."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{printable(model.name, 60)} {printable(model.version, 30)}".strip(), style="bold")
    line.append(f"  {plural(model.predictions, 'prediction')} in {plural(model.calls, 'call')}")
    failures = [(kind, number) for kind, number in model.errors.items() if number > 0]
    if failures:
        failed = sum(number for _, number in failures)
        kinds = ", ".join(f"{printable(kind, 40)} {count(number)}" for kind, number in failures[:3])
        line.append(f"  {count(failed)} failed ({kinds})", style="red")
    return line


def _model(model: ModelSummary, options: ConsoleOptions) -> RenderableType:
    wide = options.max_width >= _SIDE_BY_SIDE
    rows = max(3, min(_ROWS, options.size.height // 4))
    parts = (_latency(model, wide), _outputs(model, rows, options), _nulls(model, rows, options))
    known = [part for part in parts if part is not None]
    if not wide:
        return Group(headline(model), *known)
    columns = Table.grid(padding=(0, 4))
    columns.add_row(*known)
    return Group(headline(model), columns)


def _latency(model: ModelSummary, wide: bool) -> RenderableType | None:
    latency = model.latency
    if latency is None:
        return None
    title = "latency" if latency.source == "spans" else "latency (from buckets)"
    figures = {
        "p50": milliseconds(latency.p50),
        "p90": milliseconds(latency.p90),
        "p99": milliseconds(latency.p99),
    }
    if not wide:
        return Text(f"{title}  " + "  ".join(f"{name} {figure}" for name, figure in figures.items()))
    table = _table()
    for name, figure in figures.items():
        table.add_row(name, figure)
    return _titled(title, table)


def _outputs(model: ModelSummary, rows: int, options: ConsoleOptions) -> RenderableType | None:
    parts: list[RenderableType] = []
    # A service that counted before and has predicted nothing since sends labels that are all 0 of this time.
    if (total := sum(model.labels.values())) > 0:
        table = _table(numbers=2)
        for label, number in _top(model.labels, rows):
            table.add_row(printable(label, 24), percent(number / total), count(number), _bar(number / total, options))
        parts.append(_titled("predicted", table))
    if (highest := max(model.scores, default=0)) > 0:
        sparks = "".join(_spark(number, highest) for number in model.scores)
        parts.append(Text(f"scores 0 {' '.join(map(count, model.scores)) if options.ascii_only else sparks} 1"))
    if model.values:
        table = _table()
        for name, number in zip(("p10", "p50", "p90"), model.values, strict=True):
            table.add_row(name, value(number))
        parts.append(_titled("recent values", table))
    return Group(*parts) if parts else None


def _nulls(model: ModelSummary, rows: int, options: ConsoleOptions) -> RenderableType | None:
    known = [rate for rate in model.nulls if rate.total]
    if not known:
        return None
    some = [rate for rate in known if rate.nulls]
    table = _table()
    for rate in some[:rows]:
        table.add_row(printable(rate.feature, 32), percent(rate.rate), _bar(rate.rate, options))
    if len(some) > rows:
        table.add_row(Text(f"{len(some) - rows} more with nulls", style="dim"))
    clean = len(known) - len(some)
    if clean:
        table.add_row(Text(f"{plural(clean, 'feature')} without", style="dim"))
    return _titled("null rate", table)


def _table(numbers: int = 1) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    for _ in range(numbers):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    return table


def _titled(title: str, table: Table) -> Group:
    return Group(Text(title, style="dim", no_wrap=True), table)


def _top(tally: Mapping[str, float], limit: int) -> Iterable[tuple[str, float]]:
    items = list(tally.items())
    yield from items[:limit]
    if len(items) > limit:
        yield f"{len(items) - limit} others", sum(number for _, number in items[limit:])


def _bar(share: float, options: ConsoleOptions) -> Text:
    length = max(round(min(share, 1.0) * _BAR), share > 0)
    return Text(("#" if options.ascii_only else "█") * length, style="cyan")


def _spark(number: float, highest: float) -> str:
    return _SPARKS[min(int(number / highest * len(_SPARKS)), len(_SPARKS) - 1)] if number > 0 else " "

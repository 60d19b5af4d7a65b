"""Reports as text for a terminal and as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import Aim, Cell, Report, Table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


class Place(NamedTuple):
    """Where the figures of one part of the comparisons stand on a page.

    Attributes:
        begin: the line before them.
        end: the line behind them.
        level: of their headings.
    """

    begin: str
    end: str
    level: int


BEGIN = "<!-- figures: written by `make bench ARGS=--update` -->"
END = "<!-- end of figures -->"
PLACES = {
    "predictions": Place(BEGIN, END, 2),
    "drift": Place(
        '<!-- figures of drift: written by `make bench ARGS="--part drift --update"` -->',
        "<!-- end of figures of drift -->",
        3,
    ),
}


def markdown(machine: Sequence[tuple[str, str]], reports: Sequence[Report], level: int = 2) -> str:
    """Machine, aims, and every table, under headings of a level."""
    heading = "#" * level
    lines = [f"{heading} The machine", "", *_table(("", ""), machine), "", f"{heading} Aims and results", ""]
    aims = [aim for report in reports for aim in report.aims]
    lines += _table(("", "aim", "result", ""), [_aim_cells(aim) for aim in aims])
    for report in reports:
        lines += ["", f"{heading} {report.title}"]
        for table in report.tables:
            lines += ["", f"{heading}# {table.title}", "", *_table(table.columns, _texts(table))]
            lines += ["", table.note] if table.note else []
        for reason in report.skipped:
            lines += ["", f"Skipped: {reason}"]
    return "\n".join(lines) + "\n"


def text(machine: Sequence[tuple[str, str]], reports: Sequence[Report]) -> str:
    """The same for a terminal."""
    lines = [f"{name}: {value}" for name, value in machine]
    for report in reports:
        lines += ["", f"== {report.title}"]
        for table in report.tables:
            lines += [
                "",
                table.title,
                *_aligned([table.columns, *_texts(table)]),
                *([table.note] if table.note else []),
            ]
        lines += [f"skipped {reason}" for reason in report.skipped]
        lines += [f"aim: {what}: {limit}, is {result}: {verdict}" for what, limit, result, verdict in _all_aims(report)]
    return "\n".join(lines) + "\n"


def update(page: Path, figures: str, place: Place = PLACES["predictions"]) -> None:
    """Put the figures between the two marks of their place on a page.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(place.begin)
    _, end, after = rest.partition(place.end)
    if not begin or not end:
        raise ValueError(
            f"{page.name} has no place for the figures: it needs the lines {place.begin!r} and {place.end!r}"
        )
    page.write_text(f"{before}{place.begin}\n{figures}{place.end}{after}", encoding="utf-8")


def _all_aims(report: Report) -> Iterator[tuple[str, str, str, str]]:
    return map(_aim_cells, report.aims)


def _aim_cells(aim: Aim) -> tuple[str, str, str, str]:
    return aim.what, f"{'≥' if aim.at_least else '≤'} {_text(aim.limit)}", _text(float(aim.result)), aim.verdict


def _texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(map(_text, row)) for row in table.rows]


def _text(cell: Cell) -> str:
    """Three digits that count, no more: the rest is noise."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(columns) - 1)] if len(columns) > 2 else ["---"] * len(columns)
    return [f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]

"""Reports as text for a terminal and as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import Aim, Cell, Report, Table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN = "<!-- figures: written by `make bench ARGS=--update` -->"
END = "<!-- end of figures -->"


def markdown(machine: Sequence[tuple[str, str]], reports: Sequence[Report]) -> str:
    """Machine, aims, and every table."""
    lines = ["## The machine", "", *_table(("", ""), machine), "", "## Aims and results", ""]
    aims = [aim for report in reports for aim in report.aims]
    lines += _table(("", "aim", "result", ""), [_aim_cells(aim) for aim in aims])
    for report in reports:
        lines += ["", f"## {report.title}"]
        for table in report.tables:
            lines += ["", f"### {table.title}", "", *_table(table.columns, _texts(table))]
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


def update(page: Path, figures: str) -> None:
    """Put the figures between the two marks of a page.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for the figures: it needs the lines {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{BEGIN}\n{figures}{END}{after}", encoding="utf-8")


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

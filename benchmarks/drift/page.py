"""Tables of what was found, and their places in docs/drift.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.drift.drifts import DRIFTS
from benchmarks.drift.power import FEATURES, told

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "drift.md"

REFERENCES: Final = {
    "baseline": "a baseline of {:,} rows",
    "learned": "learned from {:,} rows",
    "previous": "the 64 steps before",
    "last_week": "the same hour last week",
}
TRAFFIC: Final = {"steady": "steady", "edge": "off by the tolerance", "bursts": "in bursts", "blocks": "in blocks"}


def false_alarm_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Alarms raised beside alarms promised, all seeds together, a column for each number of rows a step."""
    rates = sorted({one["rows"] for one in found})
    head = [f"{rate:,} rows a step" for rate in rates]
    lines = [
        f"| features | traffic | compared with | promised | {' | '.join(head)} | if 100 a week: promised | raised |",
        f"|---|---|---|---:|{'---:|' * len(rates)}---:|---:|",
    ]
    cases: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in found:
        key = one["kinds"], one["traffic"], one["reference"], one["reference_rows"]
        cases.setdefault(key, []).append(one)
    for (kinds, traffic, reference, rows), runs in sorted(cases.items(), key=_order):
        by_rate = [[one for one in runs if one["rows"] == rate] for rate in rates]
        most = max(sum(one["promised"] for one in some) for some in by_rate)
        cells = [
            kinds,
            TRAFFIC[traffic],
            REFERENCES[reference].format(rows),
            f"{most:.2f}" if most < 10 else f"{most:.0f}",
            *(str(sum(one["raised"] for one in some)) for some in by_rate),
            f"{sum(one['loose_promised'] for one in runs):,.0f}",
            str(sum(one["loose_raised"] for one in runs)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    promised, raised = (sum(one[name] for one in found) for name in ("promised", "raised"))
    loose, loose_raised = (sum(one[name] for one in found) for name in ("loose_promised", "loose_raised"))
    seeds = len({one["seed"] for one in found})
    lines += [
        "",
        f"Seeds: {seeds}. All together: {raised} of the {promised:,.0f} alarms that were allowed, and {loose_raised} of "
        f"{loose:,.0f} where a hundred times as many were.",
    ]
    return "\n".join(lines)


def _order(item: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    kinds, traffic, reference, rows = item[0]
    order = ("numeric", "ties", "categorical", "mixed")
    return list(REFERENCES).index(reference), list(TRAFFIC).index(traffic), rows, order.index(kinds)


def own_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Delays of ours, in steps."""
    head = [f"{one['rows']:,} rows a step" for one in found]
    lines = [f"| drift | {' | '.join(head)} |", f"|---|{'---:|' * len(head)}"]
    for drift in DRIFTS:
        lines.append(f"| {drift.name} | {' | '.join(told(one['delays'][drift.name]) for one in found)} |")
    return "\n".join(lines)


def compared_table(found: Sequence[Mapping[str, Any]]) -> str:
    """False alarms and delays of all contenders, in steps of 1,000 rows."""
    lines = [f"| drift | {' | '.join(one['name'] for one in found)} |", f"|---|{'---:|' * len(found)}"]
    rates = [f"{one['raised']:,} in {one['looks'] // FEATURES:,} steps" for one in found]
    lines.append(f"| none: false alarms | {' | '.join(rates)} |")
    for drift in DRIFTS:
        lines.append(f"| {drift.name} | {' | '.join(told(one['delays'][drift.name]) for one in found)} |")
    return "\n".join(lines)


def update(block: str, text: str) -> None:
    """Put a table between the marks of its block.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {block}: begin -->", f"<!-- {block}: end -->"
    head, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name} has no place for the table: it needs the lines {begin} and {end}")
    PAGE.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")

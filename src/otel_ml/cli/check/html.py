"""`otel-ml check --output html`: one page that needs nothing else, neither network nor script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from otel_ml.cli.check import words
from otel_ml.cli.check.svg import histogram, meter, small_histogram
from otel_ml.cli.printable import percent, plural, printable
from otel_ml.drift.report import SCORES, Report, VariableReport

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: Report, baseline: Baseline, unit: str = "row") -> str:
    """The whole page, in ASCII, so that it is right in whatever encoding it is written.

    All that comes from data is escaped, and the page allows no script, should any get through.

    Args:
        report: what was found.
        baseline: what was compared with.
        unit: what examples are numbers or names of.
    """
    style = files("otel_ml.cli.check").joinpath("check.css").read_text(encoding="utf-8")
    model = " ".join(printable(part, 60) for part in (baseline.model, baseline.version) if part)
    title = f"Drift of {model}" if model else "Drift"
    combinations, along = words.combinations(report)
    body = [
        f"<header><h1>{escape(title)}</h1>",
        f'<p class="verdict {words.verdict(report)}">{escape(words.headline(report))}</p>',
        f"<p>{escape(words.extent(report))} against baseline <code>{escape(printable(report.baseline))}</code></p>",
        '<p class="key"><span class="then"></span> baseline <span class="now"></span> now '
        '<span class="now moved"></span> now, where it moved most</p></header>',
        _remarks(report),
        _section("Features", report.features, report.steps, unit),
        _section("Outputs", report.predictions, report.steps, unit),
        _section("Combinations of features", combinations, report.steps, unit),
        f"<p>{plural(along, 'combination')} of features in alarm along with those above.</p>" if along else "",
    ]
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _remarks(report: Report) -> str:
    found = words.remarks(report)
    return f'<ul class="remarks">{"".join(f"<li>{escape(remark)}</li>" for remark in found)}</ul>' if found else ""


def _section(title: str, variables: Sequence[VariableReport], steps: int, unit: str) -> str:
    if not variables:
        return ""
    cards = "\n".join(_card(variable, variables, steps, unit) for variable in variables if variable.alarm)
    quiet = "\n".join(_row(variable) for variable in variables if not variable.alarm)
    table = (
        '<div class="wide"><table><thead><tr><th>name</th><th colspan="2">distance</th><th>psi</th><th>nulls</th>'
        f"<th>baseline and now</th></tr></thead>\n<tbody>\n{quiet}\n</tbody></table></div>"
    )
    return f"<section><h2>{escape(title)}</h2>\n{cards}\n{table if quiet else ''}</section>"


def _card(variable: VariableReport, others: Sequence[VariableReport], steps: int, unit: str) -> str:
    facts = [words.movement(variable)]
    facts += [when] if (when := words.when(variable, steps)) else []
    facts += ["; ".join(moved)] if (moved := words.moved(variable)) else []
    if rows := words.violations(variable):
        facts.append(f"violations: {rows}")
    if together := words.companions(variable, others):
        facts.append(f"together with {words.names(together)}")
    if rows := words.examples(variable, unit):
        facts.append(rows)
    if variable.note:
        facts.append(printable(variable.note))
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<article><h3>{_name(variable)}</h3><div class="distance"><small>distance</small>{meter(words.distance(variable))}'
        f"<b>{words.score(words.distance(variable))}</b></div>\n"
        f"{histogram(variable)}\n<ul>{items}</ul>\n{_scores(variable)}</article>"
    )


def _scores(variable: VariableReport) -> str:
    known = [name for name in SCORES if variable.scores.get(name) is not None]
    rows = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}</td><td>{escape(words.statistic(variable, name))}</td>"
        f"<td>{words.score(variable.noise.get(name))}</td></tr>"
        for name in known
    )
    head = "<tr><th>statistic</th><th>now</th><th>with no drift</th></tr>"
    return f"<details><summary>statistics</summary><table>{head}{rows}</table></details>" if rows else ""


def _row(variable: VariableReport) -> str:
    distance = words.distance(variable)
    nulls = "-" if variable.null_ratio is None else percent(variable.null_ratio)
    more = words.violations(variable)
    remarks = [f"violations: {more}"] if more else []
    remarks += [printable(variable.note)] if variable.note else []
    under = "".join(f"<br><small>{escape(remark)}</small>" for remark in remarks)
    return (
        f"<tr><td>{_name(variable)}{under}</td><td>{meter(distance)}</td><td>{words.score(distance)}</td>"
        f"<td>{words.score(variable.scores.get('psi'))}</td><td>{escape(nulls)}</td>"
        f"<td>{small_histogram(variable)}</td></tr>"
    )


def _name(variable: VariableReport) -> str:
    return f"<bdi>{escape(printable(variable.name, 100))}</bdi> <small>{escape(printable(variable.kind, 20))}</small>"

"""`otel-ml check` for people: the verdict, and variables ranked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from otel_ml.cli.check import words
from otel_ml.cli.printable import plural, printable
from otel_ml.cli.variable_list import VariableList
from otel_ml.drift.report import Report

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_COLOURS: Final = {"bad": "red", "good": "green", "open": "yellow"}


class CheckText:
    """A report as a rich renderable that fits the width of the console.

    Args:
        report: what was found.
        baseline: what was compared with.
        unit: what examples are numbers or names of.
    """

    def __init__(self, report: Report, baseline: Baseline, unit: str = "row") -> None:
        self._report = report
        self._unit = unit
        self._baseline = baseline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders the verdict, then each list of variables, then remarks."""
        report = self._report
        yield Text(words.headline(report), style=f"bold {_COLOURS[words.verdict(report)]}")
        model = " ".join(printable(part, 60) for part in (self._baseline.model, self._baseline.version) if part)
        against = f"{words.extent(report)} against baseline {printable(report.baseline, 20)}" + (
            f" of {model}" if model else ""
        )
        yield Text(against, style="dim")
        common = partial(VariableList, options=options, steps=report.steps, unit=self._unit)
        combinations, along = words.combinations(report)
        lists = [
            common("features", report.features),
            common("outputs", report.predictions),
            # they drift together, and are many: the strongest one tells the story
            common("combinations of features", combinations, quiet=0, told=1),
        ]
        for variables in lists:
            if len(variables):
                yield Text("")
                yield from variables.lines()
        if along:
            yield Text(f"  {plural(along, 'combination')} of features in alarm along with those above", style="dim")
        remarks = words.remarks(report)
        if remarks:
            yield Text("")
        for remark in remarks:
            yield Text(f"note: {remark}", style="yellow")

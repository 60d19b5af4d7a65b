"""Variables of a report on a terminal, ranked, with their histograms then and now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import ConsoleOptions
from rich.padding import Padding
from rich.text import Text

from otel_ml.cli.check import words
from otel_ml.cli.histogram import bar, fitting, merged, sparkline
from otel_ml.cli.printable import count, percent, printable
from otel_ml.drift.report import VariableReport

QUIET: Final = 20
"""Variables without an alarm that are shown; a program reads them all as JSON."""

_NAME: Final = 28
_BAR: Final = 10
_FIGURES: Final = 24  # columns beside the name, the bar and the histograms
_INDENT: Final = 4


class VariableList:
    """Variables of a kind, one below the other: figures and histograms, and below those in alarm what is known of it.

    Args:
        title: what they are.
        variables: in the order in which they are to stand; those in alarm come first.
        options: of the console, for its width and its alphabet.
        steps: windows that were looked at.
        unit: what examples are numbers or names of.
        quiet: how many without an alarm are shown.
        told: how many of those in alarm are told of at length.
    """

    def __init__(
        self,
        title: str,
        variables: Sequence[VariableReport],
        options: ConsoleOptions,
        *,
        steps: int = 1,
        unit: str = "row",
        quiet: int = QUIET,
        told: int | None = None,
    ) -> None:
        self._title = title
        self._all = variables
        self._steps = steps
        self._unit = unit
        loud = [variable for variable in variables if variable.alarm]
        calm = [variable for variable in variables if not variable.alarm]
        self._hidden = len(calm) - quiet if len(calm) > quiet + 1 or not quiet else 0
        self._shown = loud + calm[: len(calm) - self._hidden]
        self._unshown = calm[len(calm) - self._hidden :]
        self._told = {variable.name for variable in loud[:told]}
        self._options = options
        widest = max((cell_len(printable(variable.name)) for variable in self._shown), default=0)
        bins = max((len(words.histogram_bins(variable)) for variable in self._shown), default=0)
        self._name = min(_NAME, max(widest, len(title)))
        room = options.max_width - self._name - _FIGURES
        self._bar = _BAR + 1 if room > _BAR else 0
        self._bins = max(fitting(bins, (room - _BAR - 5) // 2), len("baseline"))
        self._beside = room > _BAR + 2 * self._bins + 4

    def __len__(self) -> int:
        """How many they are, shown or not."""
        return len(self._all)

    def lines(self) -> Iterator[Text | Padding]:
        """One after another."""
        if self._shown:
            yield self._heading()
        for variable in self._shown:
            yield self._line(variable)
            for text in self._details(variable):
                yield Padding(text, (0, 0, 0, _INDENT))
        if self._hidden:
            kind = self._title.replace("s", "", 1) if self._hidden == 1 else self._title
            rest = f"and {count(self._hidden)} more" if self._shown else f"{count(self._hidden)} {kind}"
            known = "with too few rows to tell" if words.too_few(self._unshown) else "without drift"
            yield Text(f"  {rest} {known}", style="dim")

    def _heading(self) -> Text:
        text = f"  {set_cell_size(self._title, self._name)}  {'distance':<{max(self._bar + 5, 8)}} {'psi':>6}  {'nulls':>6}"
        if self._beside:
            text += f"  {'baseline':<{self._bins}}  now"
        return Text(text, style="dim", no_wrap=True, overflow="crop")

    def _line(self, variable: VariableReport) -> Text:
        distance = words.distance(variable)
        line = Text(no_wrap=True, overflow="crop")
        line.append("! " if variable.alarm else "  ", style="bold red")
        name = set_cell_size(printable(variable.name, self._name), self._name)
        line.append(f"{name}  ", style="bold" if variable.alarm else "")
        if self._bar:
            drawn = bar(distance or 0.0, _BAR, self._options)
            line.append(f"{drawn:<{self._bar}}", style="red" if variable.alarm else "cyan")
        line.append(f"{words.score(distance):>{5 if self._bar else 8}} ")
        line.append(f"{words.score(variable.scores.get('psi')):>6}  ")
        nulls = "-" if variable.null_ratio is None else percent(variable.null_ratio)
        line.append(f"{nulls:>6}", style="" if variable.null_ratio else "dim")
        if self._beside:
            then, now = self._histograms(variable, self._bins)
            line.append(f"  {then:<{self._bins}}  ", style="dim").append(now, style="cyan")
        return line

    def _histograms(self, variable: VariableReport, width: int) -> tuple[str, str]:
        bins = words.histogram_bins(variable)
        then = merged([found.baseline for found in bins], width)
        now = merged([found.current for found in bins], width)
        highest = max((*then, *now), default=0.0)
        return sparkline(then, highest, self._options), sparkline(now, highest, self._options)

    def _details(self, variable: VariableReport) -> Iterator[Text]:
        if variable.alarm and variable.name not in self._told:
            return
        if variable.alarm:
            then, now = self._histograms(variable, self._options.max_width - _INDENT - len("baseline "))
            if now and not self._beside:
                yield Text(f"baseline {then}", style="dim", no_wrap=True, overflow="crop")
                yield Text(f"now      {now}", style="cyan", no_wrap=True, overflow="crop")
            when = words.when(variable, self._steps)
            yield Text(words.movement(variable) + (f"; {when}" if when else ""))
            if found := words.moved(variable):
                yield Text("; ".join(found).replace("→", "->" if self._options.ascii_only else "→"))
        if rows := words.violations(variable):
            yield Text(f"violations: {rows}", style="yellow")
        if others := words.companions(variable, self._all):
            yield Text(f"together with {words.names(others)}", style="dim")
        if rows := words.examples(variable, self._unit):
            yield Text(rows, style="dim")
        if variable.note and (variable.alarm or variable.rows == 0 or words.distance(variable) is not None):
            yield Text(printable(variable.note), style="dim")

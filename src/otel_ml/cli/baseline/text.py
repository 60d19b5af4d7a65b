"""A baseline for people: one line a variable, with its histogram, and what looks suspicious below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from otel_ml.cli.histogram import fitting, merged, sparkline
from otel_ml.cli.printable import count, percent, plural, printable
from otel_ml.drift import layout
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.notes import WORTH_A_NOTE
from otel_ml.drift.settings import MIN_REFERENCE_ROWS, Settings
from otel_ml.drift.variables import Variable

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_NAME: Final = 28
_KIND: Final = 11
_RANGE: Final = 28
_INDENT: Final = 4
_FIGURES: Final = 26  # columns of kind, nulls and distinct values, and the gaps
_LIBRARIES: Final = 6


class BaselineText:
    """A baseline as a rich renderable that fits the width of the console."""

    def __init__(self, baseline: Baseline, path: str) -> None:
        self._baseline = baseline
        self._path = path

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders what it is of, then each list of variables."""
        found = self._baseline
        model = " ".join(printable(part, 60) for part in (found.model, found.version) if part)
        yield Text(printable(self._path) + (f", of {model}" if model else ""), style="bold")
        yield Text(", ".join(self._facts()), style="dim")
        if found.rows < MIN_REFERENCE_ROWS:
            few = f"fewer than {count(MIN_REFERENCE_ROWS)} rows: drift is scored, and raises no alarm"
            yield Text(few, style="yellow")
        wide = _wide(found.variables)
        groups = (
            ("features", [v for v in found.variables if v.subject == "feature"]),
            ("outputs", [v for v in found.variables if v.subject in ("prediction", "score", "entropy")]),
        )
        for title, variables in groups:
            if variables:
                yield Text("")
                yield from _lines(title, variables, options, wide)
        combined = sum(variable.subject == "multivariate" for variable in found.variables)
        if combined:
            yield Text("")
            yield Text(
                f"and {plural(combined, 'combination')} of features, for drift that none of them shows alone",
                style="dim",
            )

    def _facts(self) -> Iterator[str]:
        found = self._baseline
        yield f"id {found.id}"
        yield plural(found.rows, "row")
        if found.start and found.end:
            yield f"{_day(found.start)} to {_day(found.end)}"
        if found.created:
            yield f"fitted {_day(found.created)}"
        libraries = [f"{printable(name, 30)} {printable(version, 20)}" for name, version in found.libraries.items()]
        yield from libraries[:_LIBRARIES]


def _wide(variables: Sequence[Variable]) -> dict[str, float]:
    """The tolerance of those that an alarm at its defaults bears more of than was set, by name."""
    tolerances = Detector(variables).tolerance(layout.reference(variables)).tolist()
    least = Settings().tolerance + WORTH_A_NOTE
    return {one.name: found for one, found in zip(variables, tolerances, strict=True) if found >= least}


def _lines(
    title: str, variables: Sequence[Variable], options: ConsoleOptions, wide: Mapping[str, float]
) -> Iterator[Text | Padding]:
    name = min(_NAME, max(len(title), *(cell_len(printable(variable.name)) for variable in variables)))
    room = options.max_width - name - _FIGURES - 4
    most = max(len(variable.counts) for variable in variables)
    bins = max(len("histogram"), fitting(most, room - _RANGE))
    span = min(_RANGE, room - bins) if room - bins >= 12 else 0
    heading = f"{set_cell_size(title, name)}  {'kind':<{_KIND}}  {'nulls':>6}  distinct"
    heading += f"  {'histogram':<{bins}}" + ("  range" if span else "")
    yield Text(heading, style="dim", no_wrap=True, overflow="crop")
    for variable in variables:
        line = Text(no_wrap=True, overflow="crop")
        line.append(f"{set_cell_size(printable(variable.name, name), name)}  ")
        line.append(f"{kind(variable):<{_KIND}}  ", style="cyan")
        line.append(f"{percent(variable.null_ratio):>6}", style="" if variable.nulls else "dim")
        line.append(f"  {_short(variable.distinct):>8}  ")
        shares = merged(variable.counts, bins)
        drawn = sparkline(shares, max(shares, default=0.0), options)
        line.append(f"{drawn:<{bins}}", style="cyan")
        if span:
            line.append(f"  {printable(extent(variable), span)}", style="dim")
        yield line
        notes = [printable(note) for note in variable.notes]
        if variable.name in wide:
            notes.append(f"goes up and down, or has few rows: no alarm about less than {percent(wide[variable.name])}")
        for note in notes:
            yield Padding(Text(note, style="yellow"), (0, 0, 0, _INDENT))


def kind(variable: Variable) -> str:
    """Its kind in a word. Of a column without any value nothing is hidden: there is nothing to hide."""
    return "empty" if variable.kind == "masked" and 0 < variable.rows == variable.nulls else variable.kind


def extent(variable: Variable) -> str:
    """From where to where its values go, or the most frequent categories.

    >>> extent(Variable("age", minimum=18.0, maximum=99.0))
    '18 to 99'
    >>> extent(Variable("plan", kind="categorical", categories=("basic", "pro"), counts=(2, 1, 0)))
    'basic, pro'
    """
    if variable.kind in ("categorical", "boolean"):
        return ", ".join(printable(category, 20) for category in variable.categories[:5])
    if variable.minimum is None or variable.maximum is None:
        return ""
    if variable.kind == "datetime":
        return f"{_date(variable.minimum)} to {_date(variable.maximum)}"
    unit = " characters" if variable.kind in ("text", "identifier") and variable.derivation is None else ""
    return f"{variable.minimum:.6g} to {variable.maximum:.6g}{unit}"


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.6g}"


def _day(text: str) -> str:
    return printable(text[:10], 10)


def _short(number: int) -> str:
    return count(number) if number < 1e7 else f"{number:.2g}"

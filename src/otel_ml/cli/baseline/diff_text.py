"""`otel-ml baseline diff` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from otel_ml.cli.check import words
from otel_ml.cli.printable import count, plural, printable
from otel_ml.cli.variable_list import QUIET, VariableList

if TYPE_CHECKING:
    from otel_ml.cli.baseline.compare import Comparison
    from otel_ml.drift.baseline import Baseline


class DiffText:
    """What changed, as a rich renderable that fits the width of the console."""

    def __init__(self, earlier: Baseline, later: Baseline, comparison: Comparison) -> None:
        self._earlier = earlier
        self._later = later
        self._found = comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders the verdict, names that came and went, then the variables of both."""
        found = self._found
        named = (("added", found.added), ("removed", found.removed))
        if self._earlier.id == self._later.id:
            yield Text("the same baseline", style="bold green")
            return
        changed = sum(variable.alarm for variable in found.variables)
        parts = [f"{count(changed)} of {count(len(found.variables))} changed"] if changed else []
        parts += [f"{count(len(names))} {what}" for what, names in named if names]
        verdict = f"variables: {', '.join(parts)}" if parts else "nothing changed that matters"
        yield Text(verdict, style="bold")
        yield Text(f"from {_title(self._earlier)}", style="dim")
        yield Text(f"to   {_title(self._later)}", style="dim")
        for what, names in named:
            if names:
                yield Text(f"{what}: {words.names(names)}", style="yellow")
        if found.variables:
            yield Text("")
            quiet = QUIET if changed or not parts else 0  # beside names that came and went they tell nothing
            yield from VariableList("variables", found.variables, options, quiet=quiet).lines()


def _title(baseline: Baseline) -> str:
    parts = (
        baseline.model,
        baseline.version,
        baseline.id,
        f"of {plural(baseline.rows, 'row')}",
        (baseline.created or "")[:10],
    )
    return " ".join(printable(part, 60) for part in parts if part)

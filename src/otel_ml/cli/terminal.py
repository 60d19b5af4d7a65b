"""Text for people, on a terminal of any width and alphabet, or into a pipe."""

from __future__ import annotations

import io
import os
import sys
from typing import Final

from rich.console import Console, RenderableType

from otel_ml.cli.outcome import readers_gone

_WIDTH: Final = 110
"""Columns where there is no terminal to ask."""


def show(page: RenderableType) -> None:
    """Prints a page. Blanks at the ends of lines are left out where it is no terminal, for `diff` and `grep`."""
    if sys.stdout is None:  # closed from the start: the exit status is all that is wanted
        return
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without Unicode must not end it, nor change a width
        sys.stdout.reconfigure(errors="replace" if console.is_terminal else "backslashreplace")
    with readers_gone():
        if console.is_terminal:
            console.print(page)
            return
        with console.capture() as captured:
            console.print(page)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

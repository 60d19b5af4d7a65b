"""Keeps the terminal from printing `^C` into a live display, which would shift it by a line."""

from __future__ import annotations

import sys
from typing import Any

try:
    import termios
except ModuleNotFoundError:  # Windows
    termios = None  # type: ignore[assignment]


class QuietKeys:
    """Switches the echo of control keys off and on again; does nothing without a terminal."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None

    def start(self) -> None:
        """Switches it off. All else of the terminal stays, so that being killed leaves it usable."""
        if termios is None or not sys.stdin or not sys.stdin.isatty():
            return
        self._before = termios.tcgetattr(sys.stdin)
        changed = list(self._before)
        changed[3] &= ~termios.ECHOCTL
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, changed)

    def stop(self) -> None:
        """Restores it."""
        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

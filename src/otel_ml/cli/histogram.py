"""Histograms of a line's height, and bars, for people at a terminal of any alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rich.console import ConsoleOptions

LEAST: Final = 20
"""Characters that a histogram has at least if it has as many bins: about those of a baseline's numbers."""

_SPARKS: Final = "▁▂▃▄▅▆▇█"
_PLAIN: Final = ".:-=+*#%"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def sparkline(shares: Sequence[float], highest: float, options: ConsoleOptions) -> str:
    """One character a bin, as high as its share; an empty bin is blank.

    Args:
        shares: of the bins, at least 0.
        highest: the share that fills the line's height: the same for histograms that are to be compared.
        options: of the console, which may know no more than ASCII.
    """
    levels = _PLAIN if options.ascii_only else _SPARKS
    return "".join(_level(share / highest if highest else 0.0, levels) for share in shares)


def fitting(bins: int, room: int) -> int:
    """Characters of a histogram of so many bins where there is room for so many, at least `LEAST`."""
    return min(bins, max(room, LEAST))


def merged(shares: Sequence[float], width: int) -> list[float]:
    """At most `width` shares: neighbouring bins become one, as high as their mean, since it is the shape that is looked at.

    >>> merged([1, 3, 5, 0, 4], 2)
    [2.0, 3.0]
    """
    parts = min(len(shares), width)
    edges = [part * len(shares) // parts for part in range(parts + 1)] if parts else []
    return [sum(shares[low:high]) / (high - low) for low, high in pairwise(edges)]


def bar(share: float, width: int, options: ConsoleOptions) -> str:
    """A bar of `width` characters at a share of 1; never blank for more than nothing."""
    share = min(max(share, 0.0), 1.0)
    if options.ascii_only:
        return "#" * max(round(share * width), share > 0)
    eighths = max(round(share * width * 8), share > 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _level(height: float, levels: str) -> str:
    return levels[min(int(height * len(levels)), len(levels) - 1)] if height > 0 else " "

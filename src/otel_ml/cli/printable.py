"""Text for people: what services send must not steer the terminal, and figures are rounded."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any


def printable(text: object, width: int | None = None) -> str:
    """Escapes control characters, and cuts to `width` characters.

    Escape sequences could rewrite the screen, and direction marks could reorder it.

    Example:
        >>> printable("a\\x1b[2Jb\\n")
        'a\\\\x1b[2Jb\\\\n'
    """
    raw = str(text)
    if width is not None:
        raw = raw[: width + 1]
    if not raw.isprintable():
        raw = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)
    return raw if width is None or len(raw) <= width else raw[: width - 1] + "…"


def value(item: Any, width: int = 40) -> str:
    """A feature or an output: floats to 6 digits, text as it is."""
    if isinstance(item, float):
        return f"{item:.6g}"
    if isinstance(item, list):
        return printable("[" + ", ".join(value(part, width) for part in item[:width]) + "]", width)
    return printable(item, width)


def milliseconds(seconds: float) -> str:
    """A duration in ms, to three digits or microseconds."""
    ms = seconds * 1e3
    return (
        f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.1f} ms" if ms >= 10 else f"{ms:.2f} ms" if ms >= 1 else f"{ms:.3f} ms"
    )


def count(number: float) -> str:
    """A count with thousands separated; a weighted one may be fractional and is rounded."""
    return f"{round(number):,}" if math.isfinite(number) else str(number)


def plural(number: float, noun: str) -> str:
    """A count and its noun."""
    return f"{count(number)} {noun}" + ("" if 0.5 < number < 1.5 else "s")


def percent(share: float) -> str:
    """A share from 0 to 1; a small one is never shown as nothing."""
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def clock(nanoseconds: int) -> str:
    """The local time of day to the millisecond."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return "--:--:--.---"


def shorten(identifier: str) -> str:
    """An id by its ends: UUIDv7s of one minute share their beginning."""
    return printable(identifier if len(identifier) <= 16 else f"{identifier[:4]}…{identifier[-8:]}")

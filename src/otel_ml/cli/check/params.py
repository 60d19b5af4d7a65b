"""Values of options that are more than a number or a text."""

from __future__ import annotations

import math
import re
from typing import Final

import click

_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_PART: Final = r"(\d+\.?\d*|\.\d+)([smhdw])"
_LENGTH: Final = re.compile(rf"({_PART})+", re.IGNORECASE)


def duration(context: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Turns `30m`, `1h`, `1d`, `1h30m`, or a number of seconds, into seconds."""
    if value is None:
        return None
    text = value.replace(" ", "")
    if _LENGTH.fullmatch(text):
        parts = re.findall(_PART, text, re.IGNORECASE)
        seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)
    else:
        seconds = _number(text)
    if not 0 < seconds < math.inf:
        raise click.BadParameter(f"{value!r} is no length of time, such as 90, 30m, 1h or 1d")
    return seconds


def thresholds(context: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Turns `psi=.2` and the like into limits by statistic."""
    from otel_ml.drift.report import SCORES

    limits = {}
    for value in values:
        name, _, text = value.partition("=")
        limit = _number(text)
        if name not in SCORES:
            raise click.BadParameter(f"{name!r} is no statistic; there are {', '.join(SCORES)}")
        if not 0 < limit < math.inf:
            raise click.BadParameter(f"{value!r}: give a limit above 0, as in {name}=0.2")
        limits[name] = limit
    return limits


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan

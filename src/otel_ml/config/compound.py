"""Options whose value has parts: which predictions have an event, and where their time is read."""

from __future__ import annotations

from dataclasses import dataclass

from otel_ml.config.kinds import TEXT, Kind, Refused, nearest


@dataclass(frozen=True, slots=True)
class Events:
    """Which predictions have an event.

    Attributes:
        mode: `all`, `ratio`, `errors` or `off`.
        ratio: The share of successful predictions that have one, 0 to 1.
    """

    mode: str
    ratio: float

    def __str__(self) -> str:
        return f"{self.ratio:g}" if self.mode == "ratio" else self.mode


_EVENTS = {"all": Events("all", 1.0), "errors": Events("errors", 0.0), "off": Events("off", 0.0)}


def _events(raw: object) -> Events:
    if isinstance(raw, Events):
        return raw
    word = "off" if raw is False else str(raw).strip().lower() if isinstance(raw, (str, int, float)) else ""
    if word in _EVENTS:
        return _EVENTS[word]
    try:
        ratio = float(word)
    except ValueError:
        raise Refused(nearest(word, _EVENTS)) from None
    if not 0 <= ratio <= 1:
        raise Refused
    return (
        _EVENTS["all"] if ratio == 1 and raw is not True else _EVENTS["off"] if ratio == 0 else Events("ratio", ratio)
    )


EVENTS = Kind("all, errors, off or a ratio", "all, errors, off or a ratio from 0 to 1, such as 0.1", _events)


@dataclass(frozen=True, slots=True)
class EventTime:
    """Where the time of a prediction is read.

    Attributes:
        source: `header` or `feature`.
        name: The header's name in lower case, or the feature's.
    """

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


def _event_time(raw: object) -> EventTime:
    if isinstance(raw, EventTime):
        return raw
    source, _, name = (part.strip() for part in TEXT.parse(raw).partition(":"))
    if source not in ("header", "feature") or not name:
        raise Refused
    return EventTime(source, name.lower() if source == "header" else name)


EVENT_TIME = Kind("header:<name> or feature:<name>", "header:<name> or feature:<name>", _event_time)

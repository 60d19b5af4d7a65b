"""The time of a prediction as callers write it."""

from __future__ import annotations

import datetime

SECONDS_LIMIT = 1e11  # larger numbers are milliseconds: this many seconds are the year 5138


def to_nanoseconds(value: object) -> int | None:
    """A point in time as nanoseconds since 1970.

    Args:
        value: a datetime (naive ones are UTC), an ISO 8601 text, or a number of seconds or milliseconds.

    >>> to_nanoseconds("2013-04-01T12:00:00Z"), to_nanoseconds(1.5), to_nanoseconds("soon")
    (1364817600000000000, 1500000000, None)
    """
    if isinstance(value, str):
        value = _parse(value)
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=datetime.timezone.utc)
        try:
            value = moment.timestamp()
        except Exception:  # a time zone of the user's own
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < SECONDS_LIMIT * 1000:
        return None
    seconds = value if value < SECONDS_LIMIT else value / 1000
    return round(seconds * 1e6) * 1000


def _parse(text: str) -> float | datetime.datetime | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None

"""A hint for a name that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_SHOWN = 10


def nearest(name: str, known: Sequence[str]) -> str:
    """Says which name may have been meant, or which there are.

    >>> nearest("agee", ["age", "city"])
    "did you mean 'age'?"
    """
    close = get_close_matches(name.lower(), [one.lower() for one in known], n=1)
    if close:
        return f"did you mean {next(one for one in known if one.lower() == close[0])!r}?"
    more = "" if len(known) <= _SHOWN else f" and {len(known) - _SHOWN} more"
    return f"there are {', '.join(known[:_SHOWN])}{more}"

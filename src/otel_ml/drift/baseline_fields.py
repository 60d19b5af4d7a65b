"""What a field of a baseline's file may hold; each check returns the value as the baseline holds it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

Check = Callable[[Any], Any]
"""Takes what JSON gave and returns the value, or raises `ValueError` that says what it must be."""

_EXACT: Final = 2**53
_TREATMENT: Final = re.compile(r"hash [0-9a-f]{8}|round [0-9]{1,2}|name( [0-9a-f]{8})?")


def text(value: Any) -> str:
    """A text that UTF-8 can encode."""
    if type(value) is not str:
        raise ValueError("must be a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair") from None
    return value


def count(value: Any) -> int:
    """A whole number of at least 0 that a float holds exactly."""
    if type(value) is not int or not 0 <= value <= _EXACT:
        raise ValueError("must be a whole number of at least 0")
    return value


def number(value: Any) -> float:
    """A finite number."""
    if type(value) not in (float, int) or not math.isfinite(value):
        raise ValueError("must be a finite number")
    return float(value)


def flag(value: Any) -> bool:
    """True or false, and not 0 or 1."""
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def share(value: Any) -> float:
    """A number from 0 to 1."""
    if not 0 <= number(value) <= 1:
        raise ValueError("must be a number from 0 to 1")
    return float(value)


def at_least(least: float) -> Check:
    """A number of at least `least`."""

    def check(value: Any) -> float:
        if number(value) < least:
            raise ValueError(f"must be a number of at least {least:g}")
        return float(value)

    return check


def moment(value: Any) -> str:
    """A time in ISO 8601."""
    try:
        datetime.fromisoformat(text(value).replace("Z", "+00:00"))
    except ValueError:
        raise ValueError("must be a time in ISO 8601") from None
    return str(value)


def one_of(allowed: frozenset[str]) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        if type(value) is not str or value not in allowed:
            raise ValueError(f"must be one of {', '.join(sorted(allowed))}")
        return value

    return check


def optional(check: Check) -> Check:
    """What the other check takes, or null."""
    return lambda value: None if value is None else check(value)


def list_of(check: Check) -> Check:
    """A list of what the other check takes."""

    def check_list(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise ValueError("must be a list")
        return tuple([check(item) for item in value])

    return check_list


def numbers(value: Any) -> tuple[float, ...]:
    """A list of finite numbers, the same as a list of `number` but faster: a file has tens of thousands."""
    if type(value) is list and set(map(type, value)) <= {float} and all(map(math.isfinite, value)):
        return tuple(value)
    found: tuple[float, ...] = list_of(number)(value)
    return found


def different(value: Any) -> tuple[str, ...]:
    """A list of texts, each only once."""
    found: tuple[str, ...] = list_of(text)(value)
    if len(set(found)) != len(found):
        raise ValueError("must be different texts")
    return found


def ascending(check: Check) -> Check:
    """The list that the other check takes, if each is above the one before."""

    def check_list(value: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = check(value)
        if any(low >= high for low, high in pairwise(found)):
            raise ValueError("must be ascending")
        return found

    return check_list


def texts_by_name(value: Any) -> dict[str, str]:
    """An object of texts."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    return {text(name): text(version) for name, version in value.items()}


def treatments(value: Any) -> dict[str, str]:
    """An object of what was done with values: see `Baseline.treated`."""
    found = texts_by_name(value)
    if not all(_TREATMENT.fullmatch(mark) for mark in found.values()):
        raise ValueError("must be hash, round or name, each with what it was done by")
    return found


def hash64(value: Any) -> int:
    """An unsigned number of 64 bits."""
    if type(value) is not int or not 0 <= value < 2**64:
        raise ValueError("must be a whole number of at most 64 bits")
    return value

"""How each kind of option is read, whether a keyword, a file or the environment gave it.

Parsers take their own results too, so that a `Config` can be built from the values of another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

T = TypeVar("T")
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class Refused(ValueError):
    """A value that a kind does not take; `near` is what the user may have meant."""

    def __init__(self, near: str | None = None) -> None:
        super().__init__(near)
        self.near = near


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A type of option.

    Attributes:
        name: One or two words for the documentation.
        allowed: What `parse` takes, as the end of "use …".
        parse: Turns a raw value into the option's; raises `ValueError` or `TypeError` if it cannot.
    """

    name: str
    allowed: str
    parse: Callable[[object], T]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, if any is like it."""
    from difflib import get_close_matches  # only ever needed for an error message

    return next(iter(get_close_matches(word[:100], list(known), n=1, cutoff=0.6)), None)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise Refused
    return raw.strip()


def _items(raw: object) -> list[str]:
    """A comma-separated text, or any list of texts or plain scalars (classes are often numbers)."""
    if isinstance(raw, str):
        return [item.strip() for item in raw.split(",") if item.strip()]
    if not isinstance(raw, (list, tuple, set, frozenset)) or not all(isinstance(x, (str, int, float)) for x in raw):
        raise Refused
    return [str(item) for item in (raw if isinstance(raw, (list, tuple)) else sorted(map(str, raw)))]


def _pairs(raw: object) -> Mapping[str, str]:
    """`a=b,c=d`, or a mapping of texts."""
    if not isinstance(raw, Mapping):
        pairs = [item.partition("=") for item in _items(raw)]
        if not all(middle for _, middle, _ in pairs):
            raise Refused
        raw = {left: right for left, _, right in pairs}
    return {_text(key): _text(value) for key, value in raw.items()}


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower() if isinstance(raw, (str, int)) else ""
    if word not in _TRUE | _FALSE:
        raise Refused
    return word in _TRUE


BOOLEAN = Kind("boolean", "true/false, 1/0, yes/no or on/off", _boolean)


def choice(*words: str) -> Kind[str]:
    """One of the words, in any case."""

    def parse(raw: object) -> str:
        if raw is False:  # what YAML 1.1 makes of a bare `off`
            raw = "off"
        word = _text(raw).lower()
        if word not in words:
            raise Refused(nearest(word, words))
        return word

    return Kind("choice", f"one of {', '.join(words)}", parse)


def number(low: float, high: float) -> Kind[float]:
    """A finite number from `low` to `high`."""

    def parse(raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            raise Refused
        value = float(raw)
        if not low <= value <= high:
            raise Refused
        return value

    return Kind("number", f"a number from {low:g} to {high:g}", parse)


def integer(low: int, high: int) -> Kind[int]:
    """A whole number from `low` to `high`."""

    def parse(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, (str, int)):
            raise Refused
        value = int(raw)
        if not low <= value <= high:
            raise Refused
        return value

    return Kind("integer", f"a whole number from {low} to {high}", parse)


TEXT = Kind("text", "a text that is not empty", _text)
TEXTS = Kind("list", "a list, or words with commas between them", lambda raw: tuple(_items(raw)))


def optional(kind: Kind[T]) -> Kind[T | None]:
    """The same, or nothing."""
    return Kind(kind.name, kind.allowed, lambda raw: None if raw is None else kind.parse(raw))


def secret(least: int) -> Kind[str]:
    """A text long enough not to be guessed; kept as it stands, blanks included."""

    def parse(raw: object) -> str:
        if not isinstance(raw, str) or len(raw) < least:
            raise Refused
        return raw

    return Kind("secret", f"at least {least} characters", parse)


def mapping(key: str, value: str, *, allowed: str, lower: bool = False) -> Kind[Mapping[str, str]]:
    """Pairs whose sides match a regular expression each; `lower` for values in which case says nothing."""
    key_pattern, value_pattern = re.compile(key), re.compile(value)

    def parse(raw: object) -> Mapping[str, str]:
        pairs = _pairs(raw)
        if lower:
            pairs = {left: right.lower() for left, right in pairs.items()}
        if not all(key_pattern.fullmatch(left) and value_pattern.fullmatch(right) for left, right in pairs.items()):
            raise Refused
        return MappingProxyType(dict(pairs))

    return Kind("mapping", allowed, parse)


def choices(*words: str) -> Kind[tuple[str, ...]]:
    """Any of the words, each once."""
    one = choice(*words)
    listed = f"any of {', '.join(words)}, with commas between them"
    return Kind("list", listed, lambda raw: tuple(dict.fromkeys(map(one.parse, _items(raw)))))


def limits(*words: str) -> Kind[Mapping[str, float]]:
    """A positive number for any of the words."""
    one, limit = choice(*words), number(1e-9, 1e12)

    def parse(raw: object) -> Mapping[str, float]:
        pairs = raw if isinstance(raw, Mapping) else _pairs(raw)
        return MappingProxyType({one.parse(word): limit.parse(value) for word, value in pairs.items()})

    return Kind("mapping", f"`score=limit` pairs with commas between them, each score one of {', '.join(words)}", parse)


def shown(value: object) -> str:
    """An option's value as one would write it in the environment."""
    if value is None or value == () or (isinstance(value, Mapping) and not value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    return str(value)

"""What one value becomes before it may leave the process."""

from __future__ import annotations

import hmac
import math
from typing import Final, cast

from otel_ml.config import Config
from otel_ml.privacy.values import find, is_card

MASKED: Final = "[masked]"
CHECK: Final = "check"  # captured, unless the value itself looks sensitive
KEEP: Final = "keep"
DROP: Final = "drop"
MASK: Final = "mask"
HASH: Final = "hash"
ROUND: Final = "round"

Scalar = str | bool | int | float
_EXACT: Final = frozenset((str, float, int, bool, type(None)))

# A card number has 14 digits or more: below this size a number needs no closer look, and fits into 64 bits.
ORDINARY: Final = 10**13
_INT64: Final = 2**63
_HASHED_CHARACTERS: Final = 65_536
# Beyond the cut, so that a secret across it is seen whole: a mail address has 320 characters, a card 37.
_SCANNED_BEYOND: Final = 512
_REMEMBERED: Final = 4096
_REMEMBERED_LENGTH: Final = 64


def repaired(text: str) -> str:
    """A text that UTF-8 can encode: surrogate pairs joined, lone ones replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def exact(value: object) -> object:
    """A value as exactly `str`, `bool`, `int`, `float` or None; anything else as `<its type>`.

    Runs no code of the value's own class.
    """
    kind = type(value)  # `isinstance` would ask the object for its `__class__`
    if kind in _EXACT:
        return value
    if issubclass(kind, str):
        return str.__str__(cast(str, value))
    if issubclass(kind, float):
        number = float.__float__(cast(float, value))
        return None if math.isnan(number) else number
    if issubclass(kind, int):
        return int.__int__(cast(int, value))
    return f"<{type.__dict__['__name__'].__get__(kind)[:64]}>"


class Actions:
    """Applies a policy's actions to values."""

    def __init__(self, config: Config) -> None:
        self._limit = config.max_value_length
        self._digits = config.round_digits
        self._key = (config.hash_key or "").encode("utf-8", "surrogatepass")
        self._if_sensitive = config.privacy_action
        self._harmless: set[str] = set()  # short texts found harmless: categories come again and again

    def apply(self, action: str, value: object) -> Scalar | None:
        """What a value that is not null becomes, or None where it must not leave."""
        value = exact(value)
        if action == DROP or value is None:
            return None
        if action == MASK:
            return MASKED
        if action == HASH:
            return self._hash(value)
        if action == ROUND:
            return self._round(value)
        if isinstance(value, str):
            return self.text(value) if action == CHECK else self._cut(value)
        if isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            if action == CHECK and _holds_card(value):
                return self.apply(self._if_sensitive, value)
            return self._integer(value) if isinstance(value, int) else value
        return None

    def text(self, value: str) -> str | None:
        """A text, cut to the limit, or what the policy makes of one that looks sensitive."""
        short = len(value) <= _REMEMBERED_LENGTH
        if short and value in self._harmless:
            return value
        if find(value[: self._limit + _SCANNED_BEYOND]):
            replaced = self.apply(self._if_sensitive, value)
            return None if replaced is None else str(replaced)
        clean = self._cut(value)
        if short and clean == value:
            if len(self._harmless) >= _REMEMBERED:
                self._harmless.clear()
            self._harmless.add(value)
        return clean

    def _cut(self, value: str) -> str:
        clean = repaired(value[: self._limit + 1])
        return clean if len(clean) <= self._limit else clean[: self._limit - 1] + "…"

    def _integer(self, value: int) -> Scalar:
        if -_INT64 <= value < _INT64:
            return value
        # Python refuses to print huge integers, and it would take long.
        return self._cut(str(value)) if value.bit_length() <= 1024 else "<int>"

    def _hash(self, value: object) -> Scalar | None:
        """16 hexadecimal digits. Equal numbers have equal hashes, 1 and 1.0 alike; 1, "1" and True differ."""
        if isinstance(value, str):
            text = f"text:{len(value)}:{value[:_HASHED_CHARACTERS]}"
        elif isinstance(value, bool):
            text = f"boolean:{value}"
        elif isinstance(value, float) and not value.is_integer():
            text = f"number:{value!r}"
        elif isinstance(value, (int, float)):
            text = f"number:{int(value):x}"
        else:
            return MASKED
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def _round(self, value: object) -> Scalar | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return MASKED
        if isinstance(value, float):
            return float(f"{value:.{self._digits - 1}e}")
        if value.bit_length() > 1024:
            return "<int>"
        return self._integer(round(value, self._digits - len(str(abs(value)))) if value else 0)


def _holds_card(value: float) -> bool:
    if -ORDINARY < value < ORDINARY or not -(10**16) < value < 10**16 or value != int(value):
        return False
    return is_card(str(abs(int(value))))

"""What one option is: its kind, its default and the sentence the documentation says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from otel_ml.config.kinds import Kind, Refused, shown

T = TypeVar("T")
PREFIX: Final = "OTEL_ML_"
KEY: Final = "option"
_NEVER_SHOWN: Final = "secret"


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the key, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option, for whoever lists them.

    Attributes:
        name: The keyword, and the key in a declarative file.
        kind: How it is read.
        default: Its value when nobody sets it, as one would write it in the environment.
        help: What it does, in Markdown.
    """

    name: str
    kind: Kind[Any]
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def secret(self) -> bool:
        """Whether its value must not be printed."""
        return self.kind.name == _NEVER_SHOWN

    def parse(self, raw: object, label: str) -> Any:
        """Reads a raw value.

        Args:
            raw: What was given.
            label: How the user knows the option: its keyword, variable or place in a file.

        Raises:
            ConfigError: If the value is none that is allowed.
        """
        try:
            return self.kind.parse(raw)
        except (ValueError, TypeError, OverflowError) as error:
            near = error.near if isinstance(error, Refused) else None
            hint = f"; did you mean {near!r}?" if near else ""
            value = "the value given" if self.secret else _quoted(raw)
            # The cause is left out: its message may quote a secret.
            raise ConfigError(f"{label}: {value} is not allowed: use {self.kind.allowed}{hint}") from None


def _quoted(raw: object) -> str:
    """A raw value for a message, never by way of an unknown object's own `__repr__`."""
    plain = isinstance(raw, (str, int, float, list, tuple, dict, set, frozenset))
    text = repr(raw) if plain else f"a {type(raw).__name__}"
    return text if len(text) <= 100 else text[:99] + "…"


def option(default: T, kind: Kind[T], help: str) -> T:
    """A dataclass field for an option (typed as its value, as `dataclasses.field` is)."""
    # An empty mapping is the only default that dataclasses take for mutable.
    given: dict[str, Any] = (
        {"default_factory": lambda: default} if isinstance(default, MappingProxyType) else {"default": default}
    )
    is_secret = kind.name == _NEVER_SHOWN
    return cast(T, field(**given, repr=not is_secret, metadata={KEY: (kind, shown(default), help)}))

"""What telemetry says of an exception that a model raised."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from otel_ml.config import Config
from otel_ml.guard import guarded
from otel_ml.privacy import Policy
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.signals.record import Attributes

MAX_TYPES = 100
"""Types of exceptions with metric series of their own: classes made at run time must not make ever new ones."""

OTHER_TYPE = "_OTHER"
"""What OpenTelemetry's conventions call all the others."""

MAX_FRAMES = 50
MAX_CHAIN = 8

_name_of = type.__dict__["__qualname__"].__get__  # a metaclass may answer for itself
_module_of = type.__dict__["__module__"].__get__


class Failures:
    """Describes exceptions under one configuration and one privacy policy."""

    def __init__(self, config: Config, policy: Policy) -> None:
        self._wanted = config.exceptions
        self._clean = policy.text
        self._types: set[str] = set()

    def type_name(self, error: BaseException) -> str:
        """The ``error.type`` of an exception: its class, with the module unless it is a builtin."""
        name = _full_name(error)
        if name not in self._types:
            if len(self._types) >= MAX_TYPES:
                return OTHER_TYPE
            self._types.add(name)
        return self._clean(name)

    def details(self, error: BaseException) -> Attributes:
        """Message and stack trace, as far as the configuration wants them. Runs the exception's own ``__str__``."""
        return {} if self._wanted == "none" else self._read(error) or {}

    @guarded("inference.exception")
    def _read(self, error: BaseException) -> Attributes:
        found: Attributes = {names.EXCEPTION_MESSAGE: self._clean(str(error))}
        if self._wanted == "stacktrace":
            found[names.EXCEPTION_STACKTRACE] = "\n".join(self._trace(error))
        return found

    def _trace(self, error: BaseException) -> Iterator[str]:
        """The innermost frames of an exception and of those that led to it.

        Each message is checked as a whole: line by line, a secret that spans two of its lines would pass.
        """
        for link in reversed(_chain(error)):
            yield "Traceback (most recent call last):"
            for frame in traceback.format_tb(link.__traceback__, limit=-MAX_FRAMES):
                yield from map(self._clean, frame.splitlines())
            yield f"{self._clean(_full_name(link))}: {self._clean(str(link))}"


def _full_name(error: BaseException) -> str:
    kind = type(error)
    module, name = _module_of(kind), _name_of(kind)
    return str(name) if module == "builtins" else f"{module}.{name}"


def _chain(error: BaseException) -> list[BaseException]:
    """An exception, what it was raised from, and so on."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < MAX_CHAIN:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain

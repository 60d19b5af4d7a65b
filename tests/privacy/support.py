"""What the tests of the policy share."""

from __future__ import annotations

from typing import Any

from otel_ml.config import Config
from otel_ml.privacy import Policy

KEY = "a key of the tests, 32 characters"
CARD = "4111 1111 1111 1111"
MAIL = "ann@example.com"


def one(value: object, name: str = "x", known: frozenset[str] | None = None, **options: Any) -> object:
    """What one feature's value becomes; `None` where there is no attribute."""
    attributes, dropped = Policy(Config(**options)).plan((name,), known).attributes([value])
    assert dropped == (value is not None and not attributes)
    return next(iter(attributes.values()), None)


class Hostile:
    """Anything one does to it fails."""

    def _fail(self, *_: object) -> Any:
        raise AssertionError("code of the value's own class was run")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __float__ = __int__ = __format__ = _fail
    __class__ = property(_fail)  # it lies, too

"""The words of a column's name."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def words(name: str) -> tuple[str, ...]:
    """The words of camelCase, snake_case, kebab-case, dots and blanks, in lower case.

    >>> words("userID_2 zip-code")
    ('user', 'id', '2', 'zip', 'code')
    """
    return tuple(word.lower() for word in _WORD.findall(name))

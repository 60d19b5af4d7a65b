"""Globs over feature names, as the configuration gives them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from otel_ml.privacy.names import LIMIT


class Globs:
    """A set of globs (`*`, `?`, `[…]`), compiled once; case counts."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._compiled = [re.compile(fnmatch.translate(pattern)) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def match(self, name: str) -> bool:
        """Whether any glob matches a name, as it is or with `_` for its dots, as backends show it."""
        name = name[:LIMIT]
        return any(glob.match(name) or glob.match(name.replace(".", "_")) for glob in self._compiled)

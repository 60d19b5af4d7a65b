"""What features are called in telemetry: one safe, distinct name each."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from otel_ml.privacy.values import find

NAME_LIMIT: Final = 256  # characters
_SCANNED: Final = NAME_LIMIT + 512  # so that a secret across the cut is seen whole
_PROCESS_KEY: Final = os.urandom(32)


def printable(text: str) -> str:
    """A text with `_` for line breaks, control characters, lone surrogates and whatever else cannot be printed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "_" for c in text)


class Labels:
    """Names features one after another; what two would share goes to the first, `_2` and so on to the others.

    Args:
        key: Keys the hash that replaces a sensitive name, so that nobody can guess the name and compare. Without one
            the hash differs from process to process.
    """

    def __init__(self, key: str | None) -> None:
        self._key = _PROCESS_KEY if key is None else key.encode("utf-8", "surrogatepass")
        self._taken: dict[str, int] = {}

    def copy(self) -> Labels:
        """A namer that goes on from here."""
        other = Labels.__new__(Labels)
        other._key, other._taken = self._key, dict(self._taken)
        return other

    def name(self, feature: str) -> str:
        """The next feature's name: dots become `_`, so that no attribute's key is the prefix of another's."""
        safe = base = self._safe(feature)
        while safe in self._taken:
            self._taken[base] += 1
            safe = f"{base[: NAME_LIMIT - 8]}_{self._taken[base]}"
        self._taken[safe] = 1
        return safe

    def _safe(self, feature: str) -> str:
        if find(feature[:_SCANNED]):
            return "masked_" + hmac.digest(self._key, _encoded(feature), "sha256").hex()[:8]
        if len(feature) > NAME_LIMIT:
            digest = hashlib.sha256(_encoded(feature)).hexdigest()[:8]
            feature = f"{feature[: NAME_LIMIT - 9]}_{digest}"
        return printable(feature.replace(".", "_")) or "_"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

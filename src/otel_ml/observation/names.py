"""Feature names: strings, unique, bounded, and the same tuple object for the same schema."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from otel_ml.observation.limits import MAX_NAME
from otel_ml.observation.values import plain

Names = tuple[str, ...]

_ONLY_STR: Final = {str}
_MAX_SCHEMAS: Final = 256
_MAX_CHARS: Final = 4_000_000  # of all schemas together: hostile mappings bring 10 kB names
_schemas: dict[Names, Names] = {}
_chars = 0
_lock = threading.RLock()  # a signal handler may interrupt whoever holds it


def intern_names(labels: tuple[object, ...]) -> Names:
    """Returns the names of `labels`, the same tuple object again for the same labels.

    Plans and counters are cached by this tuple. The cache is bounded in schemas and in characters.
    """
    # Only exact strings are looked up: a subclass brings a hash of its own, and 1 == True == 1.0.
    if set(map(type, labels)) != _ONLY_STR:
        labels = tuple([label_text(label) for label in labels])
    texts: Names = labels  # type: ignore[assignment]  # all exact strings by now
    found = _schemas.get(texts)
    return found if found is not None else _remember(texts)


def _remember(texts: Names) -> Names:
    global _chars
    names = _unique(texts)
    size = sum(map(len, texts))
    if size > _MAX_CHARS // 4:
        return names
    with _lock:
        while _schemas and (len(_schemas) >= _MAX_SCHEMAS or _chars + size > _MAX_CHARS):
            oldest = next(iter(_schemas))
            del _schemas[oldest]
            _chars -= sum(map(len, oldest))
        if texts not in _schemas:
            _schemas[texts] = names
            _chars += size
        return _schemas[texts]


def _unique(texts: Iterable[str]) -> Names:
    """Cuts long names and gives repeated ones a suffix: a, a_2, a_3."""
    names = [text if len(text) <= MAX_NAME else text[:MAX_NAME] for text in texts]
    taken = set(names)
    if len(taken) == len(names):
        return tuple(names)
    seen: set[str] = set()
    count: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in seen:
            number = count.get(name, 1) + 1
            while f"{name}_{number}" in taken:
                number += 1
            count[name] = number
            names[index] = f"{name}_{number}"
            taken.add(names[index])
        seen.add(name)
    return tuple(names)


@lru_cache(maxsize=64)
def default_names(count: int) -> Names:
    """Returns f0, f1 … for features that nobody named."""
    return tuple([f"f{index}" for index in range(count)])


def names_for(count: int, given: Names | None) -> Names:
    """Returns `given` if it names exactly `count` features, else f0, f1 and so on."""
    if given is not None and len(given) == count:
        return intern_names(given)
    return default_names(count)


def label_text(label: Any) -> str:
    """Returns a column label or a mapping key as text, without calling code of an unknown type."""
    if type(label) is tuple:  # of a MultiIndex
        return "_".join([label_text(part) for part in label[:16] if type(part) is not tuple and part != ""])
    value, _ = plain(label)
    return value if type(value) is str else str(value)


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # another thread may have held the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

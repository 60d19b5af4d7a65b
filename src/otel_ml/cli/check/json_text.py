"""JSON for programs, safe to print."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def json_text(item: Any) -> str:
    """One document, indented, with a line break at the end.

    It is ASCII without control characters, so that a terminal shows it and is not steered by it. A number that is not
    finite is null.
    """
    text = json.dumps(_plain(item), indent=2, allow_nan=False).replace("\x7f", "\\u007f")
    return text + "\n"


def _plain(item: Any) -> Any:
    if isinstance(item, float) and not math.isfinite(item):
        return None
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, Iterable) and not isinstance(item, str):
        return [_plain(value) for value in item]
    return item

"""Class labels as text: the same text for 1, 1.0, True's column or `np.int64(1)`, whatever the model returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from otel_ml.observation.limits import MAX_TEXT
from otel_ml.observation.values import plain

if TYPE_CHECKING:
    import numpy as np


def label_of(value: object) -> str | None:
    """Returns a label as text: "1" for 1, 1.0 and np.int64(1), "true" for True, None for null.

    Example:
        >>> [label_of(value) for value in ("churn", 1, 1.0, 1.5, False, float("nan"))]
        ['churn', '1', '1', '1.5', 'false', None]
    """
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]  # `type(x) is str` does not narrow
        if len(text) <= MAX_TEXT:
            return text
    found, _ = plain(value)
    if found is None or type(found) is str:
        return found
    if type(found) is bool:
        return "true" if found else "false"
    if type(found) is float and found.is_integer() and abs(found) < 2**63:
        return str(int(found))
    return str(found)


def labels_of(values: Sequence[Any] | np.ndarray) -> list[str | None]:
    """Returns many labels as text, each different one converted once."""
    import numpy as np

    if isinstance(values, np.ndarray):
        if values.dtype.kind in "iufbmM":  # few classes, many rows: convert the classes
            distinct, places = np.unique(values, return_inverse=True)
            texts = [label_of(value) for value in distinct]
            return [texts[place] for place in places.tolist()]
        values = [value.decode("utf-8", "replace") for value in values] if values.dtype.kind == "S" else values.tolist()
    if set(map(type, values)) == {str} and max(map(len, values)) <= MAX_TEXT:
        return values if isinstance(values, list) else list(values)
    # By type as well: True == 1 == 1.0 would share one entry. Unhashable values are described, not looked up.
    known: dict[tuple[type, Any], str | None] = {}
    found = []
    for value in values:
        kind = type(value)
        if kind not in _HASHABLE:
            found.append(label_of(value))
            continue
        key = (kind, value)
        if key not in known:
            known[key] = label_of(value)
        found.append(known[key])
    return found


_HASHABLE = frozenset({str, int, float, bool, type(None)})


def class_labels(classes: Any) -> tuple[str, ...] | None:
    """Returns declared classes as text; None if there are none or if they are lists of classes, one per output."""
    if classes is None:
        return None
    if type(classes) is tuple and set(map(type, classes)) == {str}:
        return classes
    found = tuple([label_of(label) or "" for label in classes])
    return found or None


def is_nested(classes: Any) -> bool:
    """Tells whether `classes` is one array of classes per output, as multi-output classifiers have it."""
    return (
        classes is not None and len(classes) > 0 and hasattr(classes[0], "__len__") and not isinstance(classes[0], str)
    )

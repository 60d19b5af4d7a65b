"""Mappings and objects with fields: one row each, nested values flattened."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from otel_ml.observation.describing import root_module
from otel_ml.observation.limits import MAX_ITEMS, MAX_NAME, Limits
from otel_ml.observation.names import intern_names, label_text
from otel_ml.observation.rows import Row, make_row
from otel_ml.observation.values import marked

SCALARS: Final = frozenset({float, int, bool, str, type(None)})

Fields = Callable[[Any], dict[Any, Any]]


def read_record(data: dict[Any, Any], limits: Limits) -> Row:
    """Reads an exact dict as one row; nested values get names joined by `_` (`user_address_city`)."""
    values: list[Any] = []
    if len(data) <= limits.max_columns:
        values = list(data.values())
        if set(map(type, values)) <= SCALARS:
            return make_row(intern_names(tuple(data)), values)
    labels: list[object] = []
    values = []
    dropped = flatten(data, limits, labels, values)
    return make_row(intern_names(tuple(labels)), values, dropped)


def flatten(data: dict[Any, Any], limits: Limits, labels: list[object], values: list[Any]) -> int:
    """Appends the leaves of `data` to `labels` and `values`; returns how many top-level ones were left out.

    Work is bounded: at most `max_columns` leaves are visited and each container yields at least one.
    """
    room = limits.max_columns
    for done, (key, value) in enumerate(data.items()):
        if len(values) >= room:
            return len(data) - done
        if type(value) in SCALARS:
            labels.append(key)
            values.append(value)
        else:
            _flatten(label_text(key), value, limits.max_depth - 1, room, labels, values)
    return 0


def _flatten(name: str, value: object, depth: int, room: int, labels: list[object], values: list[Any]) -> None:
    children = children_of(value) if depth > 0 else None
    if not children:
        labels.append(name)
        values.append(marked(value))
        return
    for key, child in children.items():
        if len(values) >= room:
            return
        _flatten(f"{name}_{label_text(key)}"[:MAX_NAME], child, depth - 1, room, labels, values)


def children_of(value: Any) -> dict[Any, Any] | None:
    """Returns the parts of a container by key or position; None for a scalar, a long sequence, an unknown type."""
    kind = type(value)
    if kind in SCALARS:
        return None
    fields = fields_of(kind)
    if fields is not None:
        return fields(value)
    if issubclass(kind, list | tuple):
        base = list if issubclass(kind, list) else tuple
        items = base.__iter__(value) if base.__len__(value) <= MAX_ITEMS else ()
        return dict(enumerate(items))
    if root_module(kind) == "numpy" and getattr(value, "ndim", 0) == 1 and value.shape[0] <= MAX_ITEMS:
        return dict(enumerate(value.tolist()))
    return None


_fields: dict[type, Fields | None] = {}


def fields_of(kind: type) -> Fields | None:
    """Returns how to read an instance of `kind` as a dict of its fields, or None if it is no record."""
    try:
        return _fields[kind]
    except KeyError:
        if len(_fields) >= 1_024:  # classes made at run time must not pile up here
            _fields.clear()
        return _fields.setdefault(kind, _find_fields(kind))


def _find_fields(kind: type) -> Fields | None:
    if issubclass(kind, dict):
        return lambda record: dict(dict.items(record))  # not the subclass's own items()
    if static(kind, "__pydantic_root_model__") is True:
        return lambda record: (
            children_of(_instance_dict(record).get("root")) or {"root": _instance_dict(record).get("root")}
        )
    for attribute in ("__pydantic_fields__", "__fields__"):  # pydantic 2, pydantic 1
        if type(static(kind, attribute)) is dict:
            return _reader(kind, tuple(static(kind, attribute)))
    if dataclasses.is_dataclass(kind):
        return _reader(kind, tuple([field.name for field in dataclasses.fields(kind)]))
    attrs = static(kind, "__attrs_attrs__")
    if isinstance(attrs, tuple):
        return _reader(kind, tuple([attribute.name for attribute in attrs]))
    names = static(kind, "__struct_fields__") or static(kind, "_fields")  # msgspec; a named tuple
    if type(names) is tuple and set(map(type, names)) == {str}:
        if issubclass(kind, tuple):
            return lambda record: dict(zip(names, tuple.__iter__(record), strict=False))
        return _reader(kind, names)
    return None


def static(kind: type, name: str) -> Any:
    """Returns a class attribute as it stands, with no descriptor or metaclass asked; None if there is none."""
    return next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)


def _instance_dict(record: object) -> dict[str, Any]:
    try:
        found = object.__getattribute__(record, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def _reader(kind: type, names: tuple[str, ...]) -> Fields:
    """Reads fields where they are stored, `__dict__` or slots: properties and computed fields are never run."""
    slots = {name: slot for name in names if isinstance(slot := static(kind, name), types.MemberDescriptorType)}
    extra = static(kind, "__pydantic_extra__")

    def read(record: Any) -> dict[Any, Any]:
        stored = _instance_dict(record)
        fields = {name: stored[name] for name in names if name in stored}
        for name, slot in slots.items():
            with suppress(AttributeError):  # never assigned
                fields[name] = slot.__get__(record)
        if isinstance(extra, types.MemberDescriptorType):
            with suppress(AttributeError):
                fields.update(extra.__get__(record) or {})
        return fields

    return read

"""Reads OTLP values for the live check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.tools.semconv.registry import Attribute

Attributes: TypeAlias = Mapping[str, AnyValue]

_TYPES = {"string_value": "string", "bool_value": "boolean", "int_value": "int", "double_value": "double"}


def mapping(attributes: Iterable[KeyValue]) -> Attributes:
    """Attributes by key."""
    return {pair.key: pair.value for pair in attributes}


def plain(value: AnyValue) -> object:
    """The value in Python; None if it is not set."""
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)


def text(attributes: Attributes, key: str) -> str:
    """An attribute as text; empty if it is absent."""
    return str(plain(attributes[key])) if key in attributes else ""


def has_type(value: AnyValue, expected: str) -> bool:
    """Whether a value has a type of the registry."""
    kind = value.WhichOneof("value")
    if expected == "any":
        # Flat: a map would end as one string in a backend, and a value that is not set as nothing.
        return kind in _TYPES or kind == "array_value"
    if expected.endswith("[]"):
        item = expected.removesuffix("[]")
        return kind == "array_value" and all(has_type(element, item) for element in value.array_value.values)
    return _TYPES.get(kind or "") == expected


def is_member(value: str, attribute: Attribute) -> bool:
    """Whether an enum takes a value."""
    if any(member.value == value for member in attribute.members):
        return True
    return attribute.pattern is not None and re.fullmatch(attribute.pattern, value) is not None


def instrument(metric: Metric) -> str:
    """The instrument that a metric comes from, as the registry calls it."""
    match metric.WhichOneof("data"):
        case "sum":
            return "counter" if metric.sum.is_monotonic else "updowncounter"
        case "histogram" | "exponential_histogram":
            return "histogram"
        case other:
            return other or "metric without data"

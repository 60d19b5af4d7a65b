"""Reads the registry: OpenTelemetry's definition v2 format in, resolved definitions out.

What the format does not say is an annotation under `otel_ml`:

* on any definition: `emitted: later`, no code emits it yet;
* on an attribute: `cardinality: high`, never on a metric; `pattern`, what an open enum takes beside its members;
* on a reference: `never: <value>`, left out instead of having that value; `only: single_row`; `exactly_when: failed`;
  `required_when: {<attribute>: <value>}`;
* on a metric: `boundaries`; on an event: `severity`, and `context: span` for one that belongs to a span.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "otel_ml" / "semconv"
DEFINITIONS = PACKAGE / "registry"
FILE_FORMAT = "definition/2"

Level = Literal["required", "conditionally_required", "recommended", "opt_in"]


class RegistryError(ValueError):
    """The definitions contradict themselves or the format."""


@dataclass(frozen=True, slots=True)
class Member:
    """A known value of an enum attribute."""

    id: str
    value: str
    brief: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, or with `template` every attribute `<key>.<name>`."""

    key: str
    type: str
    template: bool
    members: tuple[Member, ...]
    brief: str
    note: str
    examples: tuple[object, ...]
    later: bool
    high_cardinality: bool
    pattern: str | None

    @property
    def name(self) -> str:
        """The key as people write it."""
        return f"{self.key}.<name>" if self.template else self.key


@dataclass(frozen=True, slots=True)
class Ref:
    """What a signal asks of one of its attributes."""

    key: str
    level: Level
    condition: str
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Signal:
    """What spans, metrics and events have in common."""

    name: str
    brief: str
    note: str
    refs: Mapping[str, Ref]
    later: bool


@dataclass(frozen=True, slots=True)
class Span(Signal):
    """A kind of span."""

    kind: str
    span_name: str


@dataclass(frozen=True, slots=True)
class Metric(Signal):
    """A metric and its instrument."""

    instrument: str
    unit: str
    boundaries: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Event(Signal):
    """A log record with an event name."""

    severity: str
    in_span: bool


@dataclass(frozen=True, slots=True)
class Registry:
    """All definitions by name, references resolved."""

    attributes: Mapping[str, Attribute]
    spans: Mapping[str, Span]
    metrics: Mapping[str, Metric]
    events: Mapping[str, Event]

    def attribute(self, key: str) -> Attribute | None:
        """The definition of an emitted key: its own, or the template that it is made from."""
        found = self.attributes.get(key)
        if found is not None:
            return None if found.template else found
        prefix = key
        while "." in prefix:
            prefix = prefix.rpartition(".")[0]
            template = self.attributes.get(prefix)
            if template is not None and template.template:
                return template
        return None


def load(directory: Path = DEFINITIONS) -> Registry:
    """Reads every definition file of a directory.

    Raises:
        RegistryError: for another file format, a name defined twice, or a reference to nothing.
    """
    sections: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(directory.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if document.pop("file_format", None) != FILE_FORMAT:
            raise RegistryError(f"{path.name}: file_format is not {FILE_FORMAT}")
        for section, items in document.items():
            sections.setdefault(section, []).extend(items)
    attributes = _unique((_attribute(item) for item in sections.get("attributes", ())), lambda item: item.key)
    resolve = _Resolver(attributes, sections.get("attribute_groups", ()))
    return Registry(
        attributes=attributes,
        spans=_unique((_span(item, resolve) for item in sections.get("spans", ())), _name),
        metrics=_unique((_metric(item, resolve) for item in sections.get("metrics", ())), _name),
        events=_unique((_event(item, resolve) for item in sections.get("events", ())), _name),
    )


class _Resolver:
    """Turns a signal's references, groups included, into one mapping; a direct reference wins over a group's."""

    def __init__(self, attributes: Mapping[str, Attribute], groups: Sequence[dict[str, Any]]) -> None:
        self._attributes = attributes
        self._groups = {group["id"]: group["attributes"] for group in groups}

    def __call__(self, item: dict[str, Any]) -> dict[str, Ref]:
        owner = item.get("name") or item["type"]
        refs: dict[str, Ref] = {}
        direct: set[str] = set()
        for entry in item.get("attributes", ()):
            if "ref_group" in entry:
                for ref in self._group(entry["ref_group"]):
                    if ref.key in refs and ref.key not in direct:
                        raise RegistryError(f"{owner}: two groups refer to {ref.key}")
                    refs.setdefault(ref.key, ref)
            else:
                ref = self._ref(entry)
                if ref.key in direct:
                    raise RegistryError(f"{owner}: refers to {ref.key} twice")
                refs[ref.key] = ref
                direct.add(ref.key)
        return refs

    def _group(self, name: str) -> list[Ref]:
        if name not in self._groups:
            raise RegistryError(f"no attribute group {name}")
        return [self._ref(entry) for entry in self._groups[name]]

    def _ref(self, entry: dict[str, Any]) -> Ref:
        key = entry["ref"]
        if key not in self._attributes:
            raise RegistryError(f"no attribute {key}")
        level = entry.get("requirement_level", "recommended")
        if isinstance(level, str):
            return Ref(key, _level(level), "", _own(entry))
        ((name, condition),) = level.items()
        return Ref(key, _level(name), condition, _own(entry))


def _level(name: str) -> Level:
    match name:
        case "required" | "conditionally_required" | "recommended" | "opt_in":
            return name
    raise RegistryError(f"no requirement level {name!r}")


def _own(item: dict[str, Any]) -> dict[str, Any]:
    return dict(item.get("annotations", {}).get("otel_ml", {}))


def _later(item: dict[str, Any]) -> bool:
    return _own(item).get("emitted") == "later"


def _text(item: dict[str, Any], field: str) -> str:
    return " ".join(str(item.get(field, "")).split())


def _name(item: Signal) -> str:
    return item.name


def _attribute(item: dict[str, Any]) -> Attribute:
    kind = item["type"]
    members: tuple[Member, ...] = ()
    if isinstance(kind, dict):
        members = tuple(Member(m["id"], m["value"], _text(m, "brief")) for m in kind["members"])
        kind = "string"
    template = kind.startswith("template[")
    return Attribute(
        key=item["key"],
        type=kind.removeprefix("template[").removesuffix("]") if template else kind,
        template=template,
        members=members,
        brief=_text(item, "brief"),
        note=_text(item, "note"),
        examples=tuple(item.get("examples", ())),
        later=_later(item),
        high_cardinality=_own(item).get("cardinality") == "high",
        pattern=_own(item).get("pattern"),
    )


def _span(item: dict[str, Any], resolve: _Resolver) -> Span:
    brief, note = _text(item, "brief"), _text(item, "note")
    return Span(item["type"], brief, note, resolve(item), _later(item), item["kind"], item["name"]["note"])


def _metric(item: dict[str, Any], resolve: _Resolver) -> Metric:
    bounds = _own(item).get("boundaries")
    return Metric(
        item["name"],
        _text(item, "brief"),
        _text(item, "note"),
        resolve(item),
        _later(item),
        item["instrument"],
        item["unit"],
        None if bounds is None else tuple(float(bound) for bound in bounds),
    )


def _event(item: dict[str, Any], resolve: _Resolver) -> Event:
    own = _own(item)
    return Event(
        item["name"],
        _text(item, "brief"),
        _text(item, "note"),
        resolve(item),
        _later(item),
        own["severity"],
        own.get("context") == "span",
    )


def _unique(items: Iterable[Any], key: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        if key(item) in found:
            raise RegistryError(f"{key(item)} is defined twice")
        found[key(item)] = item
    return found

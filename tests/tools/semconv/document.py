"""Writes docs/semconv.md: what is emitted, for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tests.tools.semconv.constants import COMMAND
from tests.tools.semconv.registry import Attribute, Event, Metric, Ref, Registry, Signal, Span

_INTRODUCTION = f"""# The `ml.*` semantic conventions

<!-- Generated from src/otel_ml/semconv/registry by `{COMMAND}`; do not edit. -->

Stability: development. They cover inference that is not generative: classification, regression, ranking, clustering,
anomaly detection, recommendation and embeddings; OpenTelemetry's `gen_ai.*` covers generative models. OpenTelemetry has
no `ml.*` names yet, so these claim no conformance, and a name may change with a release.

What is marked *later* is defined, so that the name is settled, and not emitted yet.

- [Spans](#spans)
- [Metrics](#metrics)
- [Events](#events)
- [Attributes](#attributes)

## Rules

- No attribute is the prefix of another: hence `ml.feature.value.<name>` beside `ml.feature.name`. Dots in a feature's
  name become `_`.
- Units are UCUM. Names carry neither a unit nor `_total`.
- A null has no value attribute; its name is in `ml.feature.null.names`.
- Metrics carry the index of a bin and never a value or an id.

## Caps

| what | default |
|---|---|
| feature values of a row | 64 |
| characters of a value | 256 |
| bytes of an event | 16,384 |
| events of a call | 100; beyond it a uniform sample, weighted by `ml.event.weight` |
| class scores | 8 |

`ml.feature.dropped.count` counts the values that a cap or the privacy policy kept back. The span of a batch has no
values and no outputs: they are on the events of its rows.
"""


def document(registry: Registry) -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        "## Spans\n",
        *(_span(span, registry) for span in registry.spans.values()),
        "## Metrics\n",
        _table(
            ("metric", "instrument", "unit", "what"),
            (
                (f"[`{metric.name}`](#{_anchor(metric.name)})", metric.instrument, f"`{metric.unit}`", _brief(metric))
                for metric in registry.metrics.values()
            ),
        ),
        *(_metric(metric, registry) for metric in registry.metrics.values()),
        "## Events\n\nLog records with an event name.\n",
        *(_event(event, registry) for event in registry.events.values()),
        "## Attributes\n",
        _table(
            ("attribute", "type", "what", "values or examples"),
            (
                (f"`{attribute.name}`", attribute.type, _brief(attribute, note=True), _values(attribute))
                for attribute in sorted(registry.attributes.values(), key=lambda attribute: attribute.key)
            ),
        ),
    ]
    return "\n".join(parts)


def _span(span: Span, registry: Registry) -> str:
    facts = f"Name `{span.span_name}`, kind {span.kind.upper()}."
    return _section(f"Span `{span.name}`", span, facts, registry)


def _metric(metric: Metric, registry: Registry) -> str:
    facts = f"{metric.instrument.capitalize()}, unit `{metric.unit}`."
    if metric.boundaries is not None:
        facts += f" Bucket boundaries: {', '.join(f'{bound:.7g}' for bound in metric.boundaries)}."
    return _section(f"`{metric.name}`", metric, facts, registry)


def _event(event: Event, registry: Registry) -> str:
    return _section(f"Event `{event.name}`", event, f"Severity {event.severity}.", registry)


def _section(title: str, signal: Signal, facts: str, registry: Registry) -> str:
    text = " ".join(part for part in (_brief(signal), facts, signal.note) if part)
    rows = (
        (f"`{registry.attributes[ref.key].name}`", registry.attributes[ref.key].type, _requirement(ref))
        for ref in signal.refs.values()
    )
    return f"### {title}\n\n{text}\n\n" + _table(("attribute", "type", "requirement"), rows)


def _requirement(ref: Ref) -> str:
    level = ref.level.replace("_", " ")
    return f"{level}: {ref.condition}" if ref.condition else level


def _brief(definition: Signal | Attribute, *, note: bool = False) -> str:
    parts = ["*Later.*" if definition.later else "", definition.brief]
    if note:
        parts.append(definition.note)
    return " ".join(part for part in parts if part)


def _values(attribute: Attribute) -> str:
    if attribute.members:
        known = ", ".join(f"`{member.value}`" for member in attribute.members)
        return f"{known}, or two digits" if attribute.pattern else known
    return ", ".join(f"`{_literal(example)}`" for example in attribute.examples)


def _literal(example: object) -> str:
    return example if isinstance(example, str) else json.dumps(example)


def _anchor(heading: str) -> str:
    return heading.replace(".", "").lower()


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_lines(header, rows)) + "\n"


def _lines(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"

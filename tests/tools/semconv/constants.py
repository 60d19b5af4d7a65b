"""Writes the Python constants of `otel_ml.semconv`, already in the project's format."""

from __future__ import annotations

from textwrap import wrap

from tests.tools.semconv.registry import Attribute, Registry, Signal

COMMAND = "make generate"
_WIDTH = 120


def attributes(registry: Registry) -> str:
    """The source of `attributes.py`: a constant per attribute, then a class per enum."""
    ordered = sorted(registry.attributes.values(), key=lambda attribute: attribute.key)
    constants = [
        f'{constant(attribute.key)}{"_TEMPLATE" if attribute.template else ""}: Final = "{attribute.key}"\n'
        + _doc(attribute)
        for attribute in ordered
    ]
    enums = [_enum(attribute) for attribute in ordered if attribute.members]
    header = _header("Attributes. A template is the prefix of a family: `ML_FEATURE_VALUE_TEMPLATE + '.' + name`.")
    return (
        f"{header}from enum import Enum\nfrom typing import Final\n\n" + "\n".join(constants) + "\n" + "\n".join(enums)
    )


def metrics(registry: Registry) -> str:
    """The source of `metrics.py`: a `Metric` per metric."""
    blocks = []
    for metric in sorted(registry.metrics.values(), key=lambda metric: metric.name):
        fields = [
            f'name="{metric.name}"',
            f'unit="{metric.unit}"',
            f'description="{metric.brief}"',
            f'instrument="{metric.instrument}"',
        ]
        lines = [f"    {field},\n" for field in fields]
        if metric.boundaries is not None:
            bounds = [repr(bound) for bound in metric.boundaries]
            flat = f"    boundaries=({', '.join(bounds)}),\n"
            # The formatter puts one number on a line as soon as they do not fit on one.
            tall = "    boundaries=(\n" + "".join(f"        {bound},\n" for bound in bounds) + "    ),\n"
            lines.append(flat if len(flat) <= _WIDTH + 1 else tall)
        blocks.append(f"{constant(metric.name)}: Final = Metric(\n{''.join(lines)})\n" + _doc(metric))
    header = _header("Metrics: what each instrument is created from.")
    imports = "from typing import Final\n\nfrom otel_ml.semconv.metric import Metric\n\n"
    return header + imports + "\n".join(blocks)


def events(registry: Registry) -> str:
    """The source of `events.py`: a constant per event name."""
    blocks = [
        f'EVENT_{constant(event.name)}: Final = "{event.name}"\n' + _doc(event)
        for event in sorted(registry.events.values(), key=lambda event: event.name)
    ]
    return _header("Event names.") + "from typing import Final\n\n" + "\n".join(blocks)


def constant(name: str) -> str:
    """`ml.model.name` as `ML_MODEL_NAME`."""
    return name.replace(".", "_").upper()


def _header(title: str) -> str:
    return f'"""{title}\n\nGenerated from the registry by `{COMMAND}`; do not edit.\n"""\n\n'


def _enum(attribute: Attribute) -> str:
    name = "".join(part.capitalize() for part in attribute.key.replace("_", ".").split("."))
    lines = [f'\n\nclass {name}Values(Enum):\n    """Values of `{attribute.key}`."""\n'.lstrip("\n")]
    for member in attribute.members:
        lines.append(f'\n    {member.id.upper()} = "{member.value}"\n')
        if member.brief:
            lines.append(f'    """{member.brief}"""\n')
    return "\n" + "".join(lines)


def _doc(definition: Attribute | Signal) -> str:
    text = f"{definition.brief} Not emitted yet." if definition.later else definition.brief
    quoted = text.replace("\\", "\\\\")
    if len(quoted) + 6 <= _WIDTH:
        return f'"""{quoted}"""\n'
    return '"""\n' + "\n".join(wrap(quoted, _WIDTH)) + '\n"""\n'

"""Baselines as JSON: readable, diffable, and refused with a word of what is wrong when damaged or newer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final

from otel_ml.drift.baseline_parsing import parse
from otel_ml.drift.errors import BaselineError
from otel_ml.drift.variables import Constraints, Projections, Variable

FAMILY: Final = "otel-ml.baseline/"
VERSION: Final = 1
SCHEMA: Final = f"{FAMILY}{VERSION}"

HEAD: Final = ("model", "version", "created", "start", "end", "rows", "blocks", "libraries", "treated")
"""Fields beside the id, the variables and the projections, in the order of the file."""

_LINES: Final = (
    ("name", "subject", "kind", "source", "derivation", "advancing"),
    ("rows", "nulls", "infinite", "distinct", "mean", "std", "minimum", "maximum", "overdispersion", "block_distance"),
    ("edges",),
    ("categories", "shared"),
    ("counts",),
    ("centers",),
    ("known",),
    ("vocabulary",),
    ("constraints",),
    ("notes",),
)
"""What of a variable stands on one line of the file."""


def content_id(content: Mapping[str, Any]) -> str:
    """12 hexadecimal digits for what a baseline says, whatever its file looks like."""
    said = {key: value for key, value in content.items() if key not in ("id", "created")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def content_of(baseline: Any) -> dict[str, Any]:
    """A baseline as plain Python: what is as it is by default is left out."""
    content: dict[str, Any] = {"schema": SCHEMA, "id": baseline.id}
    content.update({name: value for name in HEAD if (value := getattr(baseline, name)) not in (None, {}, 0)})
    content["rows"] = baseline.rows
    content["variables"] = [_of_variable(variable) for variable in baseline.variables]
    if baseline.projections is not None:
        content["projections"] = _changed(baseline.projections)
    return content


def write(content: Mapping[str, Any]) -> str:
    """The text of the file: one line for each group of numbers, so that a change shows in a diff where it is."""
    parts = [f"{_json(key)}: {_json(content[key])}" for key in ("schema", "id", *HEAD) if key in content]
    variables = ",\n".join("    {" + ",\n     ".join(_lines(variable)) + "}" for variable in content["variables"])
    parts.append(f'"variables": [\n{variables}\n  ]' if variables else '"variables": []')
    if "projections" in content:
        parts.append('"projections": {\n    ' + ",\n    ".join(_rows(content["projections"])) + "\n  }")
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def read(text: str | bytes) -> dict[str, Any]:
    """Reads and checks the text of a file.

    Returns:
        Arguments for a Baseline, the id as the file has it.

    Raises:
        BaselineError: the text is no baseline, is damaged, or was written by a newer version.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except BaselineError:
        raise
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise BaselineError(f"this is no JSON: {reason}") from None
    if not isinstance(found, dict) or "schema" not in found:
        raise BaselineError("this is no baseline: it does not say its schema; fit one with otel-ml baseline fit")
    _check_schema(found.pop("schema"))
    return parse(found)


def _check_schema(schema: object) -> None:
    version = schema[len(FAMILY) :] if isinstance(schema, str) and schema.startswith(FAMILY) else ""
    if version == str(VERSION):
        return
    if version.isascii() and version.isdigit():
        raise BaselineError(
            f"the baseline has the schema {str(schema)[:50]}, and this version of otel-ml reads {SCHEMA}: "
            "upgrade otel-ml, or fit the baseline again"
        )
    raise BaselineError(f"this is no baseline: its schema is {str(schema)[:50]!r} and not {SCHEMA!r}")


def _refuse_constant(name: str) -> float:
    raise BaselineError(f"{name} is no number that a baseline may hold")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise BaselineError(f"the key {next(n for n in names if names.count(n) > 1)[:100]!r} stands twice")
    return found


def _defaults(kind: type[Variable] | type[Constraints] | type[Projections]) -> dict[str, Any]:
    return {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(kind)
    }


_DEFAULTS: Final[Mapping[type, dict[str, Any]]] = {
    kind: _defaults(kind) for kind in (Variable, Constraints, Projections)
}


def _of_variable(variable: Variable) -> dict[str, Any]:
    always = {name: getattr(variable, name) for name in ("name", "subject", "kind", "rows", "nulls")}
    return {**always, **_changed(variable)}


def _changed(item: Variable | Constraints | Projections) -> dict[str, Any]:
    """The fields that are not as they are by default."""
    found = {}
    for name, default in _DEFAULTS[type(item)].items():
        value = getattr(item, name)
        if value != default or isinstance(value, bool) != isinstance(default, bool):
            found[name] = _changed(value) if is_dataclass(value) else value  # type: ignore[arg-type]  # one of ours
    return found


def _lines(variable: Mapping[str, Any]) -> Iterator[str]:
    for group in _LINES:
        if present := [f"{_json(key)}: {_json(variable[key])}" for key in group if key in variable]:
            yield ", ".join(present)


def _rows(projections: Mapping[str, Any]) -> Iterator[str]:
    for key, value in projections.items():
        if key in ("components", "directions") and value:
            yield f"{_json(key)}: [\n      " + ",\n      ".join(map(_json, value)) + "\n    ]"
        else:
            yield f"{_json(key)}: {_json(value)}"


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False)

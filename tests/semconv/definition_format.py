"""The part of OpenTelemetry's definition v2 format that the registry uses, as a JSON schema of our own words.

Narrower than the official one on purpose: an unknown key is an error everywhere.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_KEY = {"type": "string", "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"}
_STABILITY = {"enum": ["stable", "development", "alpha", "beta", "release_candidate"]}
_SCALAR = ("string", "int", "double", "boolean", "any")
_PLAIN = [*_SCALAR, *(f"{name}[]" for name in _SCALAR if name != "any")]
_REF_RULES = {
    "never": {"type": ["number", "string"]},
    "only": {"const": "single_row"},
    "exactly_when": {"const": "failed"},
    "required_when": {"type": "object", "minProperties": 1, "maxProperties": 1},
}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _annotations(**ours: Any) -> dict[str, Any]:
    return {"annotations": _object({"otel_ml": _object({}, ours)})}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1}


_LATER = {"emitted": {"const": "later"}}
_LEVEL = {
    "anyOf": [
        {"enum": ["required", "recommended", "opt_in"]},
        *(_object({level: _TEXT}) for level in ("conditionally_required", "recommended", "opt_in")),
    ]
}
_REF = _object(
    {"ref": _KEY, "requirement_level": _LEVEL}, {"sampling_relevant": {"type": "boolean"}, **_annotations(**_REF_RULES)}
)
_REFS = {"attributes": _list({"anyOf": [_REF, _object({"ref_group": _KEY})]})}
_DESCRIBED = {"stability": _STABILITY, "brief": _TEXT}
_MEMBER = _object({"id": _TEXT, "value": _TEXT, "stability": _STABILITY}, {"brief": _TEXT})

_ATTRIBUTE = _object(
    {
        "key": _KEY,
        "type": {
            "anyOf": [
                {"enum": [*_PLAIN, *(f"template[{name}]" for name in _PLAIN)]},
                _object({"members": _list(_MEMBER)}),
            ]
        },
        **_DESCRIBED,
        "examples": {"type": "array", "minItems": 1},
    },
    {"note": _TEXT, **_annotations(**_LATER, cardinality={"const": "high"}, pattern=_TEXT)},
)
_SPAN = _object(
    {
        "type": _KEY,
        "kind": {"enum": ["client", "server", "producer", "consumer", "internal"]},
        "name": _object({"note": _TEXT}),
        **_DESCRIBED,
        **_REFS,
    },
    {"note": _TEXT, **_annotations(**_LATER)},
)
_METRIC = _object(
    {
        "name": _KEY,
        "instrument": {"enum": ["counter", "updowncounter", "gauge", "histogram"]},
        "unit": _TEXT,
        **_DESCRIBED,
        **_REFS,
    },
    {"note": _TEXT, **_annotations(**_LATER, boundaries=_list({"type": "number"}))},
)
_SEVERITY = _object({"severity": {"enum": ["INFO", "WARN"]}}, {**_LATER, "context": {"const": "span"}})
_EVENT = _object(
    {
        "name": _KEY,
        **_DESCRIBED,
        **_REFS,
        "annotations": _object({"otel_ml": _SEVERITY}),
    },
    {"note": _TEXT},
)
_GROUP = _object({"id": _KEY, "visibility": {"const": "internal"}, "attributes": _list(_REF)})

SCHEMA = _object(
    {"file_format": {"const": "definition/2"}},
    {
        "attributes": _list(_ATTRIBUTE),
        "attribute_groups": _list(_GROUP),
        "spans": _list(_SPAN),
        "metrics": _list(_METRIC),
        "events": _list(_EVENT),
    },
)

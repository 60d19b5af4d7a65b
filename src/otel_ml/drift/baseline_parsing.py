"""Checks what a baseline's file says, field by field, and names the one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from otel_ml.drift.baseline_fields import (
    Check,
    ascending,
    at_least,
    count,
    different,
    flag,
    hash64,
    list_of,
    moment,
    number,
    numbers,
    one_of,
    optional,
    share,
    text,
    texts_by_name,
    treatments,
)
from otel_ml.drift.errors import BaselineError
from otel_ml.drift.variables import Constraints, Kind, Projections, Subject, Variable

MAX_BINS: Final = 100
"""Of a variable: a bin's index has two digits."""

_KINDS: Final = frozenset(get_args(Kind))
_SUBJECTS: Final = frozenset(get_args(Subject))
_TYPES: Final = frozenset(("number", "integer", "boolean", "string", "datetime"))
_DERIVATIONS: Final = frozenset(("unseen_tokens", "non_letters"))


def parse(content: Mapping[str, Any]) -> dict[str, Any]:
    """Checks everything but the schema and the id.

    Raises:
        BaselineError: a field is missing, is none that is known, or has a value that can not be.
    """
    found = _fields(content, _FILE, "", required=("id", "rows", "variables"))
    seen = set()
    for variable in found["variables"]:
        if (variable.subject, variable.name) in seen:
            raise BaselineError(f"variables: two have the name {variable.name!r}")
        seen.add((variable.subject, variable.name))
    return found


def _variables(items: Any) -> tuple[Variable, ...]:
    if type(items) is not list:
        raise ValueError("must be a list")
    return tuple([_variable(item, f"[{index}]") for index, item in enumerate(items)])


def _variable(item: Any, place: str) -> Variable:
    values = _fields(item, _VARIABLE, f"{place}.", required=("name",))
    variable = Variable(**values)
    if (wrong := _contradiction(variable)) is not None:
        raise BaselineError(f"{place} ({variable.name[:100]}): {wrong}")
    return variable


def _contradiction(variable: Variable) -> str | None:
    """What can not be true of a variable although each of its fields could."""
    bins = len(variable.counts)
    if variable.nulls > variable.rows:
        return "nulls are more than rows"
    if variable.infinite > variable.values:
        return "infinite are more than values"
    if sum(variable.counts) > variable.values:
        return "counts are more than the rows that are not null"
    if variable.kind == "masked":
        return "a masked variable has no counts" if bins else None
    if bins > MAX_BINS:
        return f"counts must be at most {MAX_BINS}"
    ends = variable.edges if variable.ordered else variable.categories
    if variable.ordered and variable.shared:
        return f"a variable of kind {variable.kind} has no shared bins"
    wanted = len(ends) + (variable.shared or 1)
    if bins != wanted:
        what = "one more than edges" if variable.ordered else "one more than categories"
        what = "categories and shared bins together" if variable.shared else what
        return f"counts must be {wanted}, {what}, not {bins}"
    if variable.ordered and variable.categories:
        return f"a variable of kind {variable.kind} has no categories"
    if not variable.ordered and (variable.edges or variable.centers):
        return f"a variable of kind {variable.kind} has no edges and no centers"
    if variable.ordered and len(variable.centers) != bins:
        return f"centers must be {bins}, as many as counts, not {len(variable.centers)}"
    return None


def _projections(item: Any) -> Projections:
    values = _fields(item, _PROJECTIONS, "", required=tuple(key for key in _PROJECTIONS if key != "principal"))
    width = len(values["features"])
    rows = [values["means"], values["scales"], *values["components"], *values["directions"]]
    if any(len(row) != width for row in rows):
        raise ValueError(f"each row must have {width} numbers, one for each feature")
    return Projections(**values)


def _fields(item: Any, checks: Mapping[str, Check], place: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise BaselineError(f"{place.rstrip('.') or 'it'}: must be an object")
    if not item.keys() <= checks.keys():
        raise BaselineError(f"{place}{min(item.keys() - checks.keys())[:100]}: is no key of a baseline")
    for name in required:
        if name not in item:
            raise BaselineError(f"{place}{name}: is missing")
    return {name: _checked(checks[name], value, place, name) for name, value in item.items()}


def _checked(check: Check, value: Any, place: str, name: str) -> Any:
    try:
        return check(value)
    except (ValueError, OverflowError) as error:
        reason = str(error)
        joint = "" if reason.startswith("[") else "." if isinstance(error, BaselineError) else ": "
        raise BaselineError(f"{place}{name}{joint}{reason}") from None


def _constraints(value: Any) -> Constraints:
    found = Constraints(**_fields(value, _CONSTRAINTS, ""))
    if found.minimum is not None and found.maximum is not None and found.minimum > found.maximum:
        raise ValueError("minimum is above maximum")
    return found


_CONSTRAINTS: Final[dict[str, Check]] = {
    "type": optional(one_of(_TYPES)),
    "completeness": optional(share),
    "minimum": optional(number),
    "maximum": optional(number),
    "allowed": optional(different),
    "non_negative": flag,
    "never_null": flag,
}

_VARIABLE: Final[dict[str, Check]] = {
    "name": text,
    "subject": one_of(_SUBJECTS),
    "kind": one_of(_KINDS),
    "rows": count,
    "nulls": count,
    "infinite": count,
    "edges": ascending(numbers),
    "categories": different,
    "known": optional(different),
    "shared": count,
    "counts": list_of(count),
    "centers": numbers,
    "mean": optional(number),
    "std": optional(at_least(0)),
    "minimum": optional(number),
    "maximum": optional(number),
    "distinct": count,
    "overdispersion": at_least(1),
    "block_distance": share,
    "constraints": _constraints,
    "source": optional(text),
    "derivation": optional(one_of(_DERIVATIONS)),
    "vocabulary": ascending(list_of(hash64)),
    "notes": list_of(text),
    "advancing": flag,
}

_PROJECTIONS: Final[dict[str, Check]] = {
    "features": different,
    "means": numbers,
    "scales": list_of(at_least(0)),
    "components": list_of(numbers),
    "directions": list_of(numbers),
    "principal": flag,
}

_FILE: Final[dict[str, Check]] = {
    "id": text,
    "rows": count,
    "model": optional(text),
    "version": optional(text),
    "created": optional(moment),
    "start": optional(moment),
    "end": optional(moment),
    "libraries": texts_by_name,
    "treated": treatments,
    "blocks": count,
    "variables": _variables,
    "projections": optional(_projections),
}

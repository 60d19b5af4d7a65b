"""Identities that the program has given to model objects. They outlive every configuration."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from otel_ml.config import ConfigError
from otel_ml.models import Identity, label_text
from otel_ml.semconv.attributes import MlModelAliasValues, MlOperationNameValues, MlTaskTypeValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline

ALIASES: tuple[str, ...] = tuple(member.value for member in MlModelAliasValues)
TASKS: tuple[str, ...] = tuple(member.value for member in MlTaskTypeValues)
OPERATIONS: tuple[str, ...] = tuple(member.value for member in MlOperationNameValues)

departed = 0
"""Registered objects that are gone. A weak reference tells, at any moment and under any lock: only a number may change then."""

_registered: dict[int, tuple[Callable[[], object], Registration]] = {}


class Registration(NamedTuple):
    """What the program said of a model object."""

    identity: Identity
    baseline: Baseline | None = None


def register(model: object, identity: Identity, baseline: Baseline | None = None) -> Registration:
    """Remember the identity of an object, and the baseline of its traffic, for as long as it lives.

    Calls that name the model in code go by what was registered last, whatever of the objects before it still lives: one that
    is part of a reference cycle may do so for long.

    Raises:
        ConfigError: the object can not be referred to weakly.
    """
    key = id(model)
    try:
        reference = weakref.ref(model, lambda _: _depart(key))
    except TypeError:
        raise ConfigError(
            f"register_model: a {type(model).__name__} can not be held weakly, so its identity would be lost; wrap the "
            f"call in otel_ml.inference({identity.name!r}, ...) or @otel_ml.observe(name={identity.name!r}) instead"
        ) from None
    if baseline is not None:
        identity = replace(identity, baseline=baseline.id)
    registration = Registration(identity, baseline)
    _registered.pop(key, None)  # the last one registered comes last
    _registered[key] = (reference, registration)
    return registration


def _depart(key: int) -> None:
    global departed
    _registered.pop(key, None)
    departed += 1


def find(model: object) -> Registration | None:
    """What was said of an object, if anything was."""
    found = _registered.get(id(model))
    return found[1] if found is not None and found[0]() is model else None


def baseline_of(identity: Identity) -> Baseline | None:
    """The baseline that was last registered for a name, version and alias: calls may name their model in code."""
    named = identity.attributes()
    found = (known.baseline for known in reversed(living()) if known.identity.attributes() == named)
    return next((baseline for baseline in found if baseline is not None), None)


def living() -> list[Registration]:
    """All registrations of objects that still live, the oldest first."""
    return [registration for _, registration in list(_registered.values())]


def check(
    name: str,
    version: str | None = None,
    alias: str | None = None,
    task: str | None = None,
    classes: Sequence[object] = (),
) -> Identity:
    """An identity from what the user wrote.

    Raises:
        ConfigError: the name is empty, or the alias or the task is not one of the conventions' values.
    """
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"the name of a model must be a non-empty string, not {name!r}")
    _one_of("alias", alias, ALIASES)
    _one_of("task", task, TASKS)
    return Identity(
        name.strip(), None if version is None else str(version), alias, task, tuple(map(label_text, classes))
    )


def check_operation(operation: str) -> str:
    """An operation that the conventions know.

    Raises:
        ConfigError: they do not.
    """
    _one_of("operation", operation, OPERATIONS)
    return operation


def _one_of(what: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ConfigError(f"the {what} of a model is {value!r}; allowed are {', '.join(allowed)}")

"""Keeps out of a baseline what its treatment does not let into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from otel_ml.drift.variables import Constraints, Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.treatment import Treatment


def screen(variable: Variable, column: str | None, treatment: Treatment) -> Variable:
    """A variable without what must not stand in a file.

    Categories that look sensitive become one under their mask; a variable with a number that does, such as that of a
    payment card, is masked whole.

    Args:
        variable: as it was fitted.
        column: whose values it has; None if the model made them.
        treatment: decides.
    """
    if variable.subject == "feature":
        variable = replace(variable, name=treatment.safe_name(variable.name))
    if variable.kind == "masked" or treatment.action(column) in ("hash", "round"):  # treated on the way in
        return variable
    if variable.ordered:
        return _by_numbers(variable, column, treatment)
    return _by_categories(variable, column, treatment)


def masked(variable: Variable, note: str) -> Variable:
    """What is left of a variable that must not be seen: its name, its rows and its nulls."""
    expected = Constraints(completeness=variable.constraints.completeness, never_null=variable.constraints.never_null)
    return Variable(
        variable.name,
        variable.subject,
        "masked",
        rows=variable.rows,
        nulls=variable.nulls,
        constraints=expected,
        notes=(note,),
    )


def _by_numbers(variable: Variable, column: str | None, treatment: Treatment) -> Variable:
    if variable.kind != "numeric":  # a length, or a date
        return variable
    ends = [end for end in (variable.minimum, variable.maximum) if end is not None]
    if any(treatment.number(column, value) is None for value in {*variable.edges, *variable.centers, *ends}):
        return masked(variable, "its numbers look sensitive: nothing but nulls is compared")
    return variable


def _by_categories(variable: Variable, column: str | None, treatment: Treatment) -> Variable:
    counts: dict[str, int] = {}
    for label, count in zip(variable.categories, variable.counts, strict=False):
        safe = treatment.category(column, label)
        counts[safe] = counts.get(safe, 0) + count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    categories = tuple(label for label, _ in ranked)
    known = None if variable.known is None else _different(column, treatment, variable.known, set(categories))
    allowed = variable.constraints.allowed
    if allowed is not None:
        allowed = _different(column, treatment, allowed, set())
    return replace(
        variable,
        categories=categories,
        known=known,
        counts=(*(count for _, count in ranked), variable.counts[-1]),
        constraints=replace(variable.constraints, allowed=allowed),
    )


def _different(column: str | None, treatment: Treatment, labels: Iterable[str], taken: set[str]) -> tuple[str, ...]:
    safe = dict.fromkeys(treatment.category(column, label) for label in labels)
    return tuple(label for label in safe if label not in taken)

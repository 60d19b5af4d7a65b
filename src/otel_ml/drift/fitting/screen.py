"""Keeps out of a baseline what its treatment does not let into it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from otel_ml.drift.counts.labels import slots
from otel_ml.drift.variables import Constraints, Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.treatment import Treatment


def screen(variable: Variable, column: str | None, treatment: Treatment) -> Variable:
    """A variable without what must not stand in a file.

    Categories that look sensitive go to the last bin, or to one they share with others, where live values that nobody keeps
    a label of are counted as well.
    A variable with a number that looks so, such as that of a payment card, is masked whole.

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
    own = list(zip(variable.categories, variable.counts, strict=False))
    open_ones = [(label, count) for label, count in own if treatment.category(column, label) == label]
    known = tuple(label for label in variable.known or () if treatment.category(column, label) == label)
    if len(open_ones) == len(own) and (variable.known is None or len(known) == len(variable.known)):
        return variable
    others = list(variable.counts[len(own) :])
    for label, count in own:
        if (label, count) not in open_ones:
            others[slots([label], variable.shared)[0] if variable.shared else -1] += count
    return replace(
        variable,
        categories=tuple(label for label, _ in open_ones),
        counts=(*(count for _, count in open_ones), *others),
        known=None,
        constraints=replace(variable.constraints, allowed=None),
        notes=(
            *variable.notes,
            "some categories look sensitive: they have no bin of their own, and none counts as unseen",
        ),
    )

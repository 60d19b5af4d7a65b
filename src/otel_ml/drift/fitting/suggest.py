"""What to expect of a variable, and what about it looks suspicious. Suggestions: a person has the last word."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from otel_ml.drift.counts.columns import number_in
from otel_ml.drift.counts.labels import TRUTHS
from otel_ml.drift.fitting.kinds import ALMOST_UNIQUE, FEW, mixed
from otel_ml.drift.fitting.words import words
from otel_ml.drift.report import counted
from otel_ml.drift.settings import MIN_REFERENCE_ROWS
from otel_ml.drift.variables import OTHER, Constraints, Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.column import Column

MAX_ALLOWED: Final = 20
"""Categories up to which the allowed set is suggested."""

ENOUGH: Final = 1_000
"""Rows from which on "there was none" says something."""

_CODES: Final = frozenset((
    "category", "class", "cluster", "code", "department", "gender", "group", "id", "kind", "plan", "postcode", "region", "route",
    "segment", "sex", "status", "store", "type", "zip", "zipcode", "zone",
))  # fmt: skip
_MAX_CODES: Final = 1_000
_FEW_CODES: Final = 50
_NO_ALARM: Final = "no alarm for its distribution, unless its kind is declared"
_STEADY: Final = 0.95
"""Share of values above the one before from which on a column goes up with its rows; half are where order means nothing."""

_Z: Final = 3.09  # 99.9% of a normal distribution lie below


def suggest(variable: Variable, column: Column | None) -> Variable:
    """A variable with constraints and notes; `column` is None for what was derived from others."""
    return replace(
        variable,
        constraints=constraints(variable, column),
        notes=(*variable.notes, *notes(variable, column)),
        advancing=column is not None and column.kind is None and _is_advancing(variable, column),
    )


def constraints(variable: Variable, column: Column | None) -> Constraints:
    """What the training data lead one to expect."""
    if variable.subject in ("multivariate", "entropy") or variable.derivation is not None:
        return Constraints()
    enough = variable.rows >= ENOUGH
    found = Constraints(
        type=_type(variable, column),
        completeness=_completeness(variable) if enough else None,
        never_null=enough and not variable.nulls,
    )
    if variable.subject == "prediction" and variable.kind == "numeric":
        return found
    if variable.subject == "score" and variable.minimum is not None and variable.maximum is not None:
        return replace(found, minimum=0.0, maximum=1.0) if 0 <= variable.minimum <= variable.maximum <= 1 else found
    if variable.kind == "numeric" and enough and column is not None:
        line = column.line("number")  # what was infinite in training is out of no range
        minimum, maximum = None if line.below else variable.minimum, None if line.above else variable.maximum
        if column.kind is None and _is_advancing(variable, column):
            maximum = None
        return replace(found, minimum=minimum, maximum=maximum, non_negative=minimum is not None and minimum >= 0)
    if variable.kind == "categorical" and enough and variable.known is not None:
        every = (*variable.categories, *variable.known)
        if len(every) <= MAX_ALLOWED and OTHER not in every:
            return replace(found, allowed=every)
    return found


def _type(variable: Variable, column: Column | None) -> str | None:
    if variable.kind == "numeric":
        whole = column is not None and column.integers and _whole(column)
        return "integer" if whole and variable.values >= ENOUGH else "number"
    if variable.kind in ("boolean", "datetime"):
        return variable.kind
    texts = (
        column is not None and column.kind not in ("categorical", "identifier") and not column.lines.keys() - {"length"}
    )
    if variable.kind == "text":
        return "string"
    if variable.kind == "categorical":  # digits that a file holds as text may be served as numbers
        labels = (*variable.categories, *(variable.known or ()))
        texts = texts and variable.known is not None and not any(_looks_numeric(label) for label in labels)
    elif variable.kind != "identifier":
        return None
    return "string" if texts else None


def _whole(column: Column) -> bool:
    line = column.lines.get("number")
    return line is None or (line.whole and line.count > 0)


def _looks_numeric(label: str) -> bool:
    return label in TRUTHS or number_in(label) is not None


def _completeness(variable: Variable) -> float | None:
    """One less the null rate that is still expected, rounded down; None where all were null.

    That is its 99.9% upper bound (Wilson), and at least what the alarm bears: twice as many or .2% more, but not 5% more.
    """
    if not variable.nulls:
        return 1.0
    if variable.nulls == variable.rows:
        return None
    rows, share, z = variable.rows, variable.null_ratio, _Z
    spread = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    upper = (share + z * z / (2 * rows) + spread) / (1 + z * z / rows)
    borne = min(max(2 * share, share + 0.002), share + 0.05)
    return math.floor((1 - min(max(upper, borne), 1.0)) * 1000) / 1000


def notes(variable: Variable, column: Column | None) -> list[str]:
    """What looks suspicious, in words that quote no value."""
    found = []
    if not variable.values:
        return ["no value at all: nothing but nulls is compared"]
    if variable.kind == "masked":
        names = ", ".join(sorted(column.others))[:100] if column is not None else ""
        return [f"values of type {names}: nothing but nulls is compared"] if names else []
    if variable.nulls * 2 > variable.rows:
        found.append(f"mostly null: {variable.null_ratio:.0%}")
    if variable.wrong_type:
        be = "is" if variable.wrong_type == 1 else "are"
        found.append(
            f"{variable.wrong_type:,} of {counted(variable.values, 'value')} {be} of another type than {variable.kind}"
        )
    if variable.infinite:
        found.append(f"{counted(variable.infinite, 'value is', 'values are')} infinite")
    if variable.distinct == 1:
        found.append("constant: every value is the same")
    elif column is not None:
        found += _of_values(variable, column)
    if column is not None and column.kind is None and mixed(column):
        found.append("numbers and texts beside each other: taken for categories")
    if variable.values < MIN_REFERENCE_ROWS <= variable.rows:
        found.append(
            f"{counted(variable.values, 'value gives', 'values give')} scores, but no alarm: that takes {MIN_REFERENCE_ROWS:,}"
        )
    return found


def _of_values(variable: Variable, column: Column) -> list[str]:
    unique = variable.values >= FEW and variable.distinct >= ALMOST_UNIQUE * variable.values
    if variable.kind == "identifier":
        return ["almost unique: compared by length"] if variable.subject == "feature" else []
    if variable.kind == "categorical" and variable.known is None:
        return [f"about {variable.distinct:,} categories are too many to tell which are unseen"]
    if variable.kind == "datetime" and variable.subject == "feature":
        return [f"moves on with time: {_NO_ALARM}"] if column.kind is None else []
    if variable.kind != "numeric" or variable.subject != "feature":
        return []
    if unique and _rises(variable, column):
        if _is_advancing(variable, column) and column.kind is None:
            return [f"goes up with nearly every row, as serial numbers and times do: {_NO_ALARM}"]
        return ["goes up with nearly every row: rows that are sorted by it, or a time?"]
    if not _whole(column):
        return []
    if unique:
        return ["almost unique whole numbers: an identifier?"]
    return ["a number that looks like a category: declare it categorical if its order has no meaning"] * _is_code(
        variable
    )


def _is_advancing(variable: Variable, column: Column) -> bool:
    """Whether live values lie beyond those of the training data by nature."""
    if variable.subject != "feature" or not variable.values:
        return False
    unique = variable.values >= FEW and variable.distinct >= ALMOST_UNIQUE * variable.values
    serial = variable.kind == "numeric" and unique and _whole(column) and _rises(variable, column)
    return variable.kind == "datetime" or serial


def _rises(variable: Variable, column: Column) -> bool:
    return column.rises >= _STEADY * (variable.values - 1)


def _is_code(variable: Variable) -> bool:
    """Few whole numbers that are called a code, or lie apart from each other and from zero."""
    if variable.distinct < 3 or variable.distinct > variable.values / 20 or variable.minimum is None:
        return False
    if _CODES & set(words(variable.name)) and variable.distinct <= _MAX_CODES:
        return True
    assert variable.maximum is not None
    apart = variable.maximum - variable.minimum >= 2 * variable.distinct
    return apart and variable.minimum >= 100 and variable.distinct <= _FEW_CODES

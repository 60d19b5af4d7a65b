"""Which kind a column is of, from what came in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_ml.drift.fitting.words import words

if TYPE_CHECKING:
    from otel_ml.drift.fitting.column import Column
    from otel_ml.drift.variables import Kind, Subject

ALMOST_UNIQUE: Final = 0.9
"""Share of different values above which each counts as one of its own."""

FEW: Final = 100
"""Values, or different ones, below which nothing is called unique, or too many to be categories."""

MAX_CLASSES: Final = 50
"""Different whole numbers up to which a prediction is taken for a class, and not a quantity."""

_BESIDE: Final = 0.05
"""Share of the values from which on those of another type are no exceptions."""

_ID: Final = frozenset(("id", "ids", "uuid", "guid", "key", "identifier", "hash"))


def infer(column: Column, name: str, subject: Subject) -> Kind:
    """Infers a column's kind: that of most of its values. A column without any is as good as masked.

    Few numbers and texts beside each other are categories. Texts are categories, too; identifiers, if nearly all
    differ or there are a great many without a frequent one; and text, if most of those have several words. Numbers are
    numeric, also where few of them differ; but a whole number that a model predicted is a class where few differ, and
    one that is nearly unique under a name such as ``user_id`` is an identifier.
    """
    sizes = sizes_by_type(column)
    if mixed(column):
        return "categorical"
    kind = max(sizes, key=lambda one: sizes[one])
    if not sizes[kind] or kind == "other":
        return "masked"
    if kind == "boolean":
        return "boolean"
    if kind == "datetime":
        return "datetime"
    return _of_texts(column) if kind == "text" else _of_numbers(column, name, subject)


def sizes_by_type(column: Column) -> dict[str, int]:
    """How many values were of each type."""
    sizes = {name: column.lines[name].size if name in column.lines else 0 for name in ("number", "datetime")}
    return {"boolean": sum(column.truths), **sizes, "text": column.labels.total, "other": column.others.total()}


def mixed(column: Column) -> bool:
    """Whether few numbers and few texts stand beside each other, such as codes of which only some have letters."""
    sizes = sizes_by_type(column)
    if min(sizes["number"], sizes["text"]) < _BESIDE * sum(sizes.values()) or not sizes["number"] or not sizes["text"]:
        return False
    return column.lines["number"].quantiles.distinct + column.labels.distinct <= FEW


def _of_numbers(column: Column, name: str, subject: Subject) -> Kind:
    numbers = column.line("number")
    distinct = numbers.quantiles.distinct
    if not numbers.whole:
        return "numeric"
    if subject == "prediction" and distinct <= MAX_CLASSES and distinct <= max(2, numbers.size / 10):
        return "categorical"
    unique = numbers.size >= FEW and distinct >= ALMOST_UNIQUE * numbers.size
    return (
        "identifier" if unique and subject == "feature" and words(name)[-1:] and words(name)[-1] in _ID else "numeric"
    )


def _of_texts(column: Column) -> Kind:
    size, distinct = column.labels.total, column.labels.distinct
    sentences = column.spaced > size / 2
    if size < FEW or distinct <= FEW:
        return "categorical"
    if distinct >= ALMOST_UNIQUE * size:
        return "text" if sentences else "identifier"
    if sentences and distinct > size / 3:
        return "text"
    covered = sum(count for _, count in column.labels.most(20))
    return "identifier" if distinct > size / 50 and covered < size / 50 else "categorical"

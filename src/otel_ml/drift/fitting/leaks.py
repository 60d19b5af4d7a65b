"""Features that give the target away, judged by the sampled rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.counts.labels import category_of, is_null
from otel_ml.drift.variables import Variable

TOLD: Final = 0.99
"""Share of what there is to tell of a target from which on a feature is suspected."""

_LEAST: Final = 200
_GROUPS: Final = 50
_CLASSES: Final = 50


def leaks(
    variables: Sequence[Variable], columns: Sequence[str], target: str | None, table: Mapping[str, np.ndarray]
) -> dict[str, str]:
    """Notes on features that tell the target nearly by themselves, by column.

    A target of few values is told by a feature if guessing the most frequent one in each of its categories, or
    between its quantiles and the best thresholds, leaves 1% of the errors of a blind guess; one of many values, if the
    ranks of both correlate by .99.
    """
    if target is None or target not in table:
        return {}
    labels = table[target]
    known = np.array([not is_null(value) for value in labels.tolist()], dtype=bool)
    if known.sum() < _LEAST:
        return {}
    texts = [category_of(value) for value in labels[known].tolist()]
    distinct, classes = np.unique(np.array(texts, dtype=object), return_inverse=True)
    few = len(distinct) <= _CLASSES
    ranks = None if few else to_numbers(labels[known], "numeric")
    if ranks is not None and ranks.wrong is not None:
        return {}
    found = {}
    for variable, name in zip(variables, columns, strict=True):
        if name not in table or variable.kind not in ("numeric", "datetime", "categorical", "boolean"):
            continue
        values = table[name][known]
        told = _of_classes(values, variable, classes) if ranks is None else _of_ranks(values, variable, ranks.values)
        if told >= TOLD:
            found[name] = "gives the target away: is it known when the model predicts?"
    return found


def _of_classes(values: np.ndarray, variable: Variable, classes: np.ndarray) -> float:
    groups = _groups(values, variable, classes)
    if groups is None:
        return 0.0
    size = int(classes.max()) + 1
    counts = np.bincount(groups * size + classes, minlength=(int(groups.max()) + 1) * size).reshape(-1, size)
    if (counts.sum(axis=1) > 0).sum() > len(classes) / 10:  # each group is told by a row of its own
        return 0.0
    blind = len(classes) - int(counts.sum(axis=0).max())
    left = len(classes) - int(counts.max(axis=1).sum())
    return 1 - left / blind if blind else 0.0


def _groups(values: np.ndarray, variable: Variable, classes: np.ndarray) -> np.ndarray | None:
    """A number for each value: that of its category, or of where it lies between edges; the last for nulls."""
    if variable.ordered:
        numbers = to_numbers(values, variable.kind).values
        finite = np.isfinite(numbers)
        if not finite.any():
            return None
        edges = np.quantile(numbers[finite], np.arange(_GROUPS + 1) / _GROUPS, method="inverted_cdf")
        best = _thresholds(numbers[finite], classes[finite])
        both = np.unique(np.concatenate([edges, np.nextafter(edges, -np.inf), best]))  # a frequent value by itself
        return np.where(np.isnan(numbers), len(both) + 1, np.searchsorted(both, numbers))
    texts = ["" if is_null(value) else category_of(value) + "." for value in values.tolist()]
    return np.unique(np.array(texts, dtype=object), return_inverse=True)[1]


def _thresholds(numbers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """For each class the value up to which, or from which on, it tells best from the others."""
    order = np.argsort(numbers, kind="stable")
    numbers, classes = numbers[order], classes[order]
    ends = np.append(numbers[1:] != numbers[:-1], True)
    found = []
    for one in range(int(classes.max()) + 1):
        inside = np.cumsum(classes == one)
        wrong = inside[-1] + np.arange(1, len(inside) + 1) - 2 * inside  # if all up to here were of this class
        wrong = np.where(ends, np.minimum(wrong, len(inside) - wrong), len(inside))
        found.append(numbers[int(wrong.argmin())])
    return np.array(found)


def _of_ranks(values: np.ndarray, variable: Variable, target: np.ndarray) -> float:
    if not variable.ordered:
        return 0.0
    numbers = to_numbers(values, variable.kind).values
    both = np.isfinite(numbers) & np.isfinite(target)
    if both.sum() < _LEAST:
        return 0.0
    first, second = _ranks(numbers[both]), _ranks(target[both])
    spread = float(first.std() * second.std())
    return 0.0 if not spread else abs(float(((first - first.mean()) * (second - second.mean())).mean())) / spread


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, equal ones for equal values (Spearman)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]

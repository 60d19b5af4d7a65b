"""From what was kept of a column to a variable of the baseline."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.counts.columns import SLACK, number_in
from otel_ml.drift.counts.labels import TRUTHS, category_of
from otel_ml.drift.fitting.blocks import together
from otel_ml.drift.fitting.distribution import Distribution
from otel_ml.drift.fitting.edges import cut
from otel_ml.drift.fitting.frequent import SLOTS, by_slot
from otel_ml.drift.variables import Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.column import Column, Line
    from otel_ml.drift.variables import Kind

MAX_KNOWN: Final = 1_000
"""Categories beyond those with a bin that a baseline keeps; where there were more, none counts as unseen."""

_LINES: Final[Mapping[str, Line]] = {
    "numeric": "number",
    "datetime": "datetime",
    "text": "length",
    "identifier": "length",
}


def describe(column: Column, name: str, kind: Kind, bins: int, follows: np.ndarray) -> Variable:
    """Describes a column as a kind; constraints, notes and privacy are not its affair.

    Args:
        column: what was kept of it.
        name: of the variable.
        kind: the declared or inferred one.
        bins: about how many are wanted.
        follows: which blocks of time follow each other.
    """
    variable = Variable(name, kind=kind, rows=column.rows, nulls=column.nulls)
    if kind == "masked":
        return variable
    if kind == "boolean":
        variable, names = _of_truths(variable, column), ["boolean"]
    elif kind == "categorical":
        variable, names = _of_labels(variable, column, bins), ["label", "number", "boolean"]
    else:
        variable = on_line(variable, _line(column, kind), bins)
        names = [_LINES[kind]]
    if kind in ("text", "identifier"):  # they lie on a line by their length, but differ by themselves
        numbers = column.lines.get("number")
        distinct = column.labels.distinct + (numbers.quantiles.distinct if numbers is not None else 0)
        variable = replace(variable, distinct=min(distinct, variable.values))
    parts = [part for source in names for part in column.variations(source, follows)]
    found = together(parts)
    return replace(variable, overdispersion=found.overdispersion, block_distance=found.distance)


def on_line(variable: Variable, line: Distribution, bins: int) -> Variable:
    """A variable with the bins and moments of a distribution."""
    exact = variable.kind in ("datetime", "text", "identifier")  # seconds and characters are no floats to a model
    found = cut(*line.quantiles.summary(), bins, whole=line.whole, slack=0.0 if exact else SLACK)
    counts = list(found.counts)
    counts[0] += line.below
    counts[-1] += line.above
    return replace(
        variable,
        edges=found.edges,
        counts=tuple(counts),
        centers=found.centers,
        mean=line.mean,
        std=line.std,
        minimum=line.minimum if line.count else None,
        maximum=line.maximum if line.count else None,
        distinct=min(line.quantiles.distinct, line.count),
        infinite=line.below + line.above,
    )


def _line(column: Column, kind: Kind) -> Distribution:
    line = column.lines.get(_LINES[kind], Distribution())
    numbers = column.lines.get("number")
    if kind == "numeric" and (any(column.truths) or column.labels.total):
        line = deepcopy(line)
        more = Counter({0.0: column.truths[0], 1.0: column.truths[1]})
        for label, count in column.labels.most():
            number = number_in(label)
            if number is not None:
                more[number] += count
        line.above += more.pop(math.inf, 0)
        line.below += more.pop(-math.inf, 0)
        present = sorted(+more)
        line.add_weighted(np.array(present), np.array([more[number] for number in present], dtype=np.int64))
    elif kind == "identifier" and numbers is not None:
        line = deepcopy(line)
        values, weights = numbers.quantiles.summary()
        sums: Counter[int] = Counter()
        for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
            sums[len(category_of(int(value) if value.is_integer() else value))] += weight
        lengths = sorted(sums)
        line.add_weighted(np.array(lengths, dtype=np.float64), np.array([sums[n] for n in lengths], dtype=np.int64))
    return line


def _of_labels(variable: Variable, column: Column, bins: int) -> Variable:
    labels = Counter({"false": column.truths[0], "true": column.truths[1]})
    numbers = column.lines.get("number", Distribution())
    values, weights = numbers.quantiles.summary()
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        labels[category_of(value)] += weight
    labels.update({"inf": numbers.above, "-inf": numbers.below})
    spread = column.labels.by_slot + by_slot(labels)
    labels.update(dict(column.labels.most()))
    labels = +labels  # without those that are not there
    writable = {label: count for label, count in labels.items() if _is_writable(label)}
    total, exact = (
        column.labels.total + sum(column.truths) + numbers.size,
        column.labels.exact and numbers.quantiles.exact,
    )
    strange = column.others.total() + (column.lines["datetime"].size if "datetime" in column.lines else 0)
    total, exact = total + strange, exact and not strange and len(writable) == len(labels)  # not all labels were kept
    ranked = sorted(writable.items(), key=lambda item: (-item[1], item[0]))
    own, rest = ranked[: bins - 1], ranked[bins - 1 :]
    distinct = len(ranked) if exact else max(len(ranked), column.labels.distinct)
    left = total - sum(count for _, count in own)
    shared = 0 if strange or not numbers.quantiles.exact else _shared(2 * left * bins // max(total, 1), len(rest))
    others = [left]
    if shared:
        spread -= by_slot(dict(own))
        others = spread.reshape(-1, shared).sum(axis=0).tolist()
    return replace(
        variable,
        categories=tuple(label for label, _ in own),
        known=tuple(sorted(label for label, _ in rest)) if exact and len(rest) <= MAX_KNOWN else None,
        shared=shared,
        counts=(*(count for _, count in own), *others),
        distinct=min(distinct, variable.values),
    )


def _shared(worth: int, labels: int) -> int:
    """How many bins rare categories share: a power of two, each bin with half of what others have, and several labels."""
    most = min(SLOTS, worth, labels // 2)
    return 2 ** (most.bit_length() - 1) if most >= 2 else 0


def _is_writable(label: str) -> bool:
    """Whether a file can hold a label: half a surrogate pair is no text."""
    return label.isascii() or not any("\ud800" <= character <= "\udfff" for character in label)


def _of_truths(variable: Variable, column: Column) -> Variable:
    """A boolean; 0 and 1 and texts of either count as what they stand for, and other values are of another type."""
    counts = list(column.truths)
    numbers = column.lines.get("number", Distribution())
    values, weights = numbers.quantiles.summary()
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        if value in (0.0, 1.0):
            counts[int(value)] += weight
    for label, count in column.labels.most():
        if label in TRUTHS:
            counts[TRUTHS[label]] += count
    ranked = sorted(zip(("false", "true"), counts, strict=True), key=lambda item: -item[1])
    own = [(label, count) for label, count in ranked if count]
    return replace(
        variable,
        categories=tuple(label for label, _ in own),
        counts=(*(count for _, count in own), 0),
        distinct=len(own),
    )

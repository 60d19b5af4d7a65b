"""What a model answered, as values of the baseline's variables ``prediction``, ``score`` and ``entropy``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, log2
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.rows import object_column
from otel_ml.drift.fitting.entropy import entropy
from otel_ml.drift.variables import OUTPUTS
from otel_ml.observation.results import RowOutputs

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.observation import OutputRow, Outputs

Said = Sequence[tuple["OutputRow", "Outputs", int]] | None
"""What the calls on one row said of it: the row, and where it is from; None where there was no answer."""

Answer = tuple[Any, Any, Any]
"""Prediction, score and entropy of one row; MISSING where the call said nothing of it."""

_TRUTHS: Final[dict[str | None, bool]] = {"true": True, "false": False}

Alike = tuple[list[int] | None, dict[str, np.ndarray]]
"""Of rows that have the same outputs: their places, None for all; and by variable, a value for each of them."""

MISSING: Final = object()
NOTHING: Final[Answer] = (MISSING, MISSING, MISSING)


class OutputReader:
    """Reads those outputs that a baseline has variables for.

    A prediction is a number where the baseline has it as one, and otherwise the label. What is null, and what the call does
    not say, depends on what its answer has a place for, never on how many rows it is of: a label of None is null, while
    a regression's score, the label of probabilities without classes, and what cannot be read were not said.

    Args:
        baseline: whose variables are wanted.
    """

    def __init__(self, baseline: Baseline) -> None:
        found = {variable.subject: variable for variable in baseline.variables if variable.subject in OUTPUTS}
        self._wanted = tuple(subject in found for subject in OUTPUTS)
        self._any = any(self._wanted)
        self._names = tuple(found[subject].name if subject in found else "" for subject in OUTPUTS)
        self._as_number = "prediction" in found and found["prediction"].ordered
        is_boolean = "prediction" in found and found["prediction"].kind == "boolean"
        self._of_label: Callable[[str | None], object] = _number if self._as_number else _truth if is_boolean else _same

    def said(self, outputs: Sequence[Outputs], index: int, size: int, only: OutputRow | None = None) -> Said:
        """Takes one row of the outputs of calls that share a prediction, for `columns`.

        Args:
            outputs: of each call; nobody knows which rows those are of that are more or fewer than the rows.
            index: of the row.
            size: how many rows there are.
            only: that row, where it was read before and there was only one call.
        """
        if not outputs or not self._any:
            return None
        if only is not None and len(outputs) == 1:
            return ((only, outputs[0], index),)
        return [(found.row(index), found, index) for found in outputs if found.size == size]

    def answer(self, said: Said) -> Answer:
        """Reads one row."""
        if said is None:
            return NOTHING
        wants_prediction, wants_score, wants_entropy = self._wanted
        return (
            self._prediction(said) if wants_prediction else MISSING,
            _score(said) if wants_score else MISSING,
            _entropy(said) if wants_entropy else MISSING,
        )

    def of_rows(self, outputs: Sequence[Outputs], size: int, positions: np.ndarray | None) -> list[Alike]:
        """Reads all rows of a batch; the arguments are those of `said`, and the positions of the rows held, None for all."""
        whole = [found for found in outputs if found.size == size]
        if not whole or not self._any:
            return [(None, {})]
        if any(isinstance(one, RowOutputs) for one in whole):  # each row of which has places of its own
            held = range(size) if positions is None else positions.tolist()
            return self.columns([[(one.row(index), one, index) for one in whole] for index in held])
        columns = (
            self._predictions(whole) if self._wanted[0] else None,
            next((scores for one in whole if (scores := one.scores()) is not None), None) if self._wanted[1] else None,
            next((each for one in whole if (each := _entropies(one)) is not None), None) if self._wanted[2] else None,
        )
        found = {
            name: column if positions is None else column[positions]
            for name, column in zip(self._names, columns, strict=True)
            if column is not None
        }
        return [(None, found)]

    def columns(self, said: Sequence[Said]) -> list[Alike]:
        """Reads rows that came one by one."""
        answers = list(map(self.answer, said))
        columns = list(zip(*answers, strict=True))
        if not any(MISSING in column and column.count(MISSING) < len(column) for column in columns):
            return [(None, self._arrays(columns))]
        alike: dict[tuple[bool, ...], list[int]] = {}
        for place, answer in enumerate(answers):
            alike.setdefault(tuple([value is MISSING for value in answer]), []).append(place)
        return [
            (places, self._arrays(list(zip(*[answers[place] for place in places], strict=True))))
            for places in alike.values()
        ]

    def _arrays(self, columns: Sequence[Sequence[Any]]) -> dict[str, np.ndarray]:
        return {
            name: object_column(column)
            for name, column in zip(self._names, columns, strict=True)
            if column[0] is not MISSING
        }

    def _prediction(self, said: Said) -> object:
        """As `_predictions` does for many rows."""
        if self._as_number and (value := _value(said)) is not MISSING:
            return value
        label = _label(said)
        if label is MISSING:
            return MISSING if self._as_number else _value(said)
        return self._of_label(label)

    def _predictions(self, outputs: Sequence[Outputs]) -> np.ndarray | None:
        labels = next((labels for one in outputs if (labels := one.labels()) is not None), None)
        values = next((values for one in outputs if (values := one.values()) is not None), None)
        if values is not None and (self._as_number or labels is None):
            return values
        if labels is None:
            return None
        return object_column(list(map(self._of_label, labels)))


def _number(label: str | None) -> object:
    """A label as the number that it is; one that is none stays text, which is another type than expected."""
    if label is None:
        return None
    try:
        return float(label)
    except ValueError:
        return label


def _truth(label: str | None) -> object:
    """A label as the truth value that it is: where classes are booleans, their labels are the texts of these."""
    return _TRUTHS.get(label, label)


def _same(label: str | None) -> object:
    return label


def _field(name: str, column: str) -> Callable[[Said], Any]:
    """Finds a field of a row, in the first answer that has a place for it.

    Args:
        name: of the field.
        column: the method of `Outputs` that gives it of all rows.
    """
    of_row, of_all = attrgetter(name), methodcaller(column)

    def find(said: Said) -> Any:
        for row, outputs, _ in said or ():
            found = of_row(row)
            if found is not None:
                return found
            # Where there is a column, every row has a place in it: what is not there is null, and else was not said.
            if name in row.nulls if isinstance(outputs, RowOutputs) else of_all(outputs) is not None:
                return None
        return MISSING

    return find


_label, _value, _score = _field("label", "labels"), _field("value", "values"), _field("score", "scores")


def _entropy(said: Said) -> object:
    for row, outputs, index in said or ():
        if isinstance(outputs, RowOutputs):
            if "class_scores" in row.nulls:
                return None
            if row.class_scores:
                return _bits([score for _, score in row.class_scores])
        elif (shares := outputs.class_probabilities()) is not None:
            return _bits(shares[index].tolist())
    return MISSING


def _bits(shares: list[float]) -> float | None:
    """As `entropy` does for many rows; numpy would take ten times as long for one."""
    if len(shares) == 1:
        shares = [shares[0], 1.0 - shares[0]]
    total = sum(shares)
    if not 0.0 < total < inf or min(shares) < 0.0:
        return None
    return max(0.0, -sum([part * log2(part) for share in shares if (part := share / total)]))


def _entropies(outputs: Outputs) -> np.ndarray | None:
    shares = outputs.class_probabilities()
    return None if shares is None else entropy(shares)

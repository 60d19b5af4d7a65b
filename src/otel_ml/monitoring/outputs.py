"""What a model answered, as values of the baseline's variables ``prediction``, ``score`` and ``entropy``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, log2
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.rows import object_column
from otel_ml.drift.fitting.entropy import entropy
from otel_ml.drift.variables import OUTPUTS

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.observation import OutputRow, Outputs

Said = Sequence["OutputRow"] | None
"""What the calls on one row said of it; None where there was no answer."""

Answer = tuple[Any, Any, Any]
"""Prediction, score and entropy of one row; MISSING where the call said nothing of it."""

_TRUTHS: Final[dict[str | None, bool]] = {"true": True, "false": False}

MISSING: Final = object()
NOTHING: Final[Answer] = (MISSING, MISSING, MISSING)


class OutputReader:
    """Reads those outputs that a baseline has variables for.

    A prediction is a number where the baseline has it as one, and otherwise the label. A model that answers with nothing at
    all has predicted null; what is not there beside a score was not asked for, nor is a score or an entropy.

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

    def said(self, outputs: Sequence[Outputs], index: int, only: OutputRow | None = None) -> Said:
        """Takes one row of the outputs of calls that share a prediction, for `columns`.

        Args:
            outputs: of each call.
            index: of the row.
            only: that row, where it was read before and there was only one call.
        """
        if not outputs or not self._any:
            return None
        if only is not None and len(outputs) == 1:
            return (only,)
        return [found.row(index) for found in outputs if index < found.size]

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

    def of_rows(self, outputs: Sequence[Outputs], size: int, positions: np.ndarray | None) -> dict[str, np.ndarray]:
        """Reads all rows of a batch.

        Args:
            outputs: of each call.
            size: of the batch.
            positions: of the rows that are held, None for all.

        Returns:
            By variable, an array with a value for each row that is held.
        """
        whole = [found for found in outputs if found.size == size]
        if not whole or not self._any:
            return {}
        columns = (
            self._predictions(whole) if self._wanted[0] else None,
            next((scores for one in whole if (scores := one.scores()) is not None), None) if self._wanted[1] else None,
            next((each for one in whole if (each := _entropies(one)) is not None), None) if self._wanted[2] else None,
        )
        return {
            name: column if positions is None else column[positions]
            for name, column in zip(self._names, columns, strict=True)
            if column is not None
        }

    def columns(self, said: Sequence[Said]) -> list[tuple[list[int] | None, dict[str, np.ndarray]]]:
        """Reads rows that came one by one.

        Returns:
            For rows that have the same outputs: their places, None for all; and by variable, a value for each of them.
        """
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

    def _prediction(self, rows: Sequence[OutputRow]) -> object:
        label = value = None
        for row in rows:
            label = row.label if label is None else label
            value = row.value if value is None else value
        if label is None and value is None and _score(rows) is not MISSING:
            return MISSING
        if not self._as_number:
            return self._of_label(label) if label is not None else value
        return value if value is not None else self._of_label(label)

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


def _score(rows: Sequence[OutputRow]) -> object:
    for row in rows:
        if row.score is not None:
            return row.score
    return MISSING


def _entropy(rows: Sequence[OutputRow]) -> object:
    """Of the class scores, in bits; MISSING without them."""
    scores = next((row.class_scores for row in rows if row.class_scores), ())
    total = sum([score for _, score in scores])
    if not 0.0 < total < inf or min([score for _, score in scores]) < 0.0:
        return MISSING
    # As `entropy` does for many rows; numpy would take ten times as long for one.
    return max(0.0, -sum([score / total * log2(score / total) for _, score in scores if score]))


def _entropies(outputs: Outputs) -> np.ndarray | None:
    shares = outputs.class_probabilities()
    return None if shares is None else entropy(shares)

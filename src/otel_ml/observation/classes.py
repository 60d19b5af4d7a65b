"""Outputs with a number per class: probabilities, margins, indicators of several labels."""
# ruff: noqa: D102 - the base class Outputs documents what each method does

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_ml.observation.labels import labels_of
from otel_ml.observation.results import OutputRow, Outputs

if TYPE_CHECKING:
    import numpy as np

_CHUNK = 65_536  # rows reduced at a time, so that the temporary arrays stay small


class ClassOutputs(Outputs):
    """A matrix of one number per row and class; the greatest is the prediction.

    Args:
        matrix: float64 of shape (rows, classes): probabilities, or margins of any size. Owned by this object.
        names: of the classes; without them there is no label, and class scores are named by position.
        probability: whether the numbers are probabilities, and so scores.
        keep: whether class scores can be told later; otherwise only the greatest number of each row is kept.
    """

    __slots__ = ("_greatest", "_matrix", "_names", "_probability", "_top")

    def __init__(
        self, matrix: np.ndarray, names: tuple[str, ...] | None, *, probability: bool = True, keep: bool = True
    ) -> None:
        super().__init__(matrix.shape[0], matrix.nbytes if keep else 16 * matrix.shape[0])
        self._names = names if names is not None and len(names) == matrix.shape[1] else None
        self._probability = probability
        self._matrix: np.ndarray | None = matrix
        self._top: np.ndarray | None = None
        self._greatest: np.ndarray | None = None
        if not keep:
            self._reduce()
            self._matrix = None

    def _reduce(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns per row the position and the size of the greatest number; NaN if all are NaN."""
        import numpy as np

        if self._top is None or self._greatest is None:
            assert self._matrix is not None
            tops, greatest = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
            for start in range(0, self.size, _CHUNK):
                chunk = self._matrix[start : start + _CHUNK]
                comparable = np.where(np.isnan(chunk), -np.inf, chunk)
                top = comparable.argmax(axis=1)
                tops.append(top)
                greatest.append(np.take_along_axis(chunk, top[:, None], axis=1)[:, 0])
            self._top, self._greatest = np.concatenate(tops), np.concatenate(greatest)
        return self._top, self._greatest

    def row(self, index: int) -> OutputRow:
        self._check(index)
        if self._matrix is None:
            tops, greatest = self._reduce()
            top, number = int(tops[index]), float(greatest[index])
            scores: list[tuple[float, int]] = []
        else:
            numbers = self._matrix[index].tolist()
            scores = sorted([(-score, place) for place, score in enumerate(numbers) if score == score])
            if not scores:
                return OutputRow()
            top, number = scores[0][1], -scores[0][0]
        if number != number:
            return OutputRow()
        names = self._names
        found = OutputRow(None if names is None else names[top])
        if not self._probability:
            found.value = number
            return found
        found.score = number
        found.class_scores = tuple([(names[place] if names else str(place), -score) for score, place in scores])
        return found

    def labels(self) -> Sequence[str | None] | None:
        if self._names is None:
            return None
        tops, greatest = self._reduce()
        names = self._names
        known = (greatest == greatest).tolist()
        return [names[top] if valid else None for top, valid in zip(tops.tolist(), known, strict=True)]

    def scores(self) -> np.ndarray | None:
        return self._reduce()[1] if self._probability else None

    def values(self) -> np.ndarray | None:
        return None if self._probability else self._reduce()[1]

    def class_probabilities(self) -> np.ndarray | None:
        return self._matrix if self._probability else None


class BinaryOutputs(Outputs):
    """One number per row for the second of two classes: its probability, or a margin that is positive for it."""

    __slots__ = ("_names", "_numbers", "_probability")

    def __init__(self, numbers: np.ndarray, names: tuple[str, ...] | None, *, probability: bool) -> None:
        super().__init__(numbers.shape[0], numbers.nbytes)
        self._numbers = numbers
        self._names = names if names is not None and len(names) == 2 else None
        self._probability = probability

    def row(self, index: int) -> OutputRow:
        self._check(index)
        number = float(self._numbers[index])
        if number != number:
            return OutputRow()
        names = self._names
        if not self._probability:
            return OutputRow(None if names is None else names[number > 0], value=number)
        if names is None:  # nobody says what the other class is, or whether there is one
            return OutputRow(score=number)
        positive = number >= 0.5
        pair = ((names[1], number), (names[0], 1.0 - number))
        return OutputRow(names[positive], max(number, 1.0 - number), class_scores=pair if positive else pair[::-1])

    def labels(self) -> Sequence[str | None] | None:
        if self._names is None:
            return None
        positive = self._numbers >= 0.5 if self._probability else self._numbers > 0
        names = self._names
        known = (self._numbers == self._numbers).tolist()
        return [names[second] if valid else None for second, valid in zip(positive.tolist(), known, strict=True)]

    def scores(self) -> np.ndarray | None:
        import numpy as np

        if not self._probability:
            return None
        return self._numbers if self._names is None else np.maximum(self._numbers, 1.0 - self._numbers)

    def values(self) -> np.ndarray | None:
        return None if self._probability else self._numbers

    def class_probabilities(self) -> np.ndarray | None:
        return self._numbers[:, None] if self._probability else None


class VectorOutputs(Outputs):
    """Several numbers per row: a multi-output regression, margins between pairs of classes."""

    __slots__ = ("_matrix",)

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__(matrix.shape[0], matrix.nbytes)
        self._matrix = matrix

    def row(self, index: int) -> OutputRow:
        self._check(index)
        return OutputRow(values=tuple(self._matrix[index].tolist()))


class IndicatorOutputs(Outputs):
    """A multi-label answer: which of the labels apply. A bool matrix of shape (rows, labels)."""

    __slots__ = ("_matrix", "_names")

    def __init__(self, matrix: np.ndarray, names: tuple[str, ...] | None) -> None:
        super().__init__(matrix.shape[0], matrix.nbytes)
        self._matrix = matrix
        width = matrix.shape[1]
        self._names = names if names is not None and len(names) == width else tuple(map(str, range(width)))

    def row(self, index: int) -> OutputRow:
        self._check(index)
        return OutputRow(labels=tuple([self._names[place] for place in self._matrix[index].nonzero()[0].tolist()]))


class LabelsOutputs(Outputs):
    """A multi-output answer: one label per output and row."""

    __slots__ = ("_columns", "_texts")

    def __init__(self, columns: list[np.ndarray]) -> None:
        super().__init__(columns[0].shape[0] if columns else 0, sum([column.nbytes for column in columns]))
        self._columns = columns
        self._texts: list[list[str | None]] | None = None

    def row(self, index: int) -> OutputRow:
        self._check(index)
        if self._texts is None:
            self._texts = [labels_of(column) for column in self._columns]
        return OutputRow(labels=tuple([column[index] or "" for column in self._texts]))

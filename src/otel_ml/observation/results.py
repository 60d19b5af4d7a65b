"""What a model answered, by row: labels, scores, values. Copied when read, worked out when asked for."""
# ruff: noqa: D102 - the base class Outputs documents what each method does

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_ml.observation.labels import label_of, labels_of

if TYPE_CHECKING:
    import numpy as np

Scalar = str | int | float | bool


@dataclass(slots=True)
class OutputRow:
    """The output for one row; whatever is not known is None or empty.

    Attributes:
        label: The predicted class as text.
        score: Confidence, 0 to 1: the probability of the predicted class, also where that is the negative one.
        value: A number that is no probability: a regression's result, a margin, an anomaly score.
        class_scores: Class and probability, most probable first.
        labels: The classes of a multi-label or multi-output answer.
        values: The numbers of a multi-output answer.
        extra: Other named scalars of the answer.
        nulls: Which of label, score, value and class_scores the answer has a place for, and has no value there.
    """

    label: str | None = None
    score: float | None = None
    value: float | None = None
    class_scores: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    extra: dict[str, Scalar] = field(default_factory=dict)
    nulls: tuple[str, ...] = field(default=(), repr=False, compare=False)


class Outputs:
    """The outputs of `size` rows. This class knows nothing but their number; its kinds know more."""

    __slots__ = ("nbytes", "size")

    def __init__(self, size: int = 0, nbytes: int = 0) -> None:
        self.size = size
        self.nbytes = nbytes

    def row(self, index: int) -> OutputRow:
        """Returns the output of one row, 0 to `size` - 1."""
        self._check(index)
        return OutputRow()

    def labels(self) -> Sequence[str | None] | None:
        """Returns the label of every row, or None if there are none."""
        return None

    def scores(self) -> np.ndarray | None:
        """Returns the confidence of every row as float64 (NaN where unknown), or None if there is none."""
        return None

    def values(self) -> np.ndarray | None:
        """Returns the value of every row as float64 (NaN where unknown), or None if there is none."""
        return None

    def class_probabilities(self) -> np.ndarray | None:
        """Returns the probability of every class of every row, float64 of shape (rows, classes), or None if it is not known.

        A single column is the probability of one class of two.
        """
        return None

    def _check(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise IndexError(f"output {index} of {self.size}")


class RowOutputs(Outputs):
    """Outputs that are few, or of no regular shape: kept row by row."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[OutputRow]) -> None:
        super().__init__(len(rows), 300 * len(rows))
        self._rows = rows

    def row(self, index: int) -> OutputRow:
        self._check(index)
        return self._rows[index]

    def labels(self) -> Sequence[str | None] | None:
        labels = [row.label for row in self._rows]
        return labels if any(labels) else None

    def scores(self) -> np.ndarray | None:
        return _floats([row.score for row in self._rows])

    def values(self) -> np.ndarray | None:
        return _floats([row.value for row in self._rows])


def _floats(found: list[float | None]) -> np.ndarray | None:
    if all(value is None for value in found):
        return None
    import numpy as np

    return np.array(found, dtype=np.float64)


class ColumnOutputs(Outputs):
    """Outputs given by column: any of labels, scores, values, class probabilities and named extras.

    Args (one entry or array row per row, all copied by the caller of this constructor):
        labels: of any scalar type, as a list or an array.
        scores, values: float64.
        extra: lists of scalars by name.
    """

    __slots__ = ("_extra", "_labels", "_scores", "_texts", "_values")

    def __init__(
        self,
        size: int,
        *,
        labels: Sequence[Any] | np.ndarray | None = None,
        scores: np.ndarray | None = None,
        values: np.ndarray | None = None,
        extra: dict[str, list[Any]] | None = None,
    ) -> None:
        held = sum([getattr(array, "nbytes", 64 * size) for array in (labels, scores, values) if array is not None])
        super().__init__(size, held + 64 * size * len(extra or ()))
        self._labels = labels
        self._texts: list[str | None] | None = None
        self._scores = scores
        self._values = values
        self._extra = extra or {}

    def row(self, index: int) -> OutputRow:
        self._check(index)
        label = None if self._labels is None else label_of(self._labels[index])
        found = OutputRow(label, _at(self._scores, index), _at(self._values, index))
        if self._extra:
            found.extra = {name: column[index] for name, column in self._extra.items() if column[index] is not None}
        return found

    def with_extra(self, extra: dict[str, list[Any]]) -> ColumnOutputs:
        """Returns the same outputs with further named scalars."""
        return ColumnOutputs(
            self.size, labels=self._labels, scores=self._scores, values=self._values, extra={**self._extra, **extra}
        )

    def labels(self) -> Sequence[str | None] | None:
        if self._texts is None and self._labels is not None:
            self._texts = labels_of(self._labels)
        return self._texts

    def scores(self) -> np.ndarray | None:
        return self._scores

    def values(self) -> np.ndarray | None:
        return self._values


def _at(array: np.ndarray | None, index: int) -> float | None:
    if array is None:
        return None
    value = float(array[index])
    return value if value == value else None

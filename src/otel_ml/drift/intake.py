"""Rows into counts, and what is remembered of single rows: a sample of each step, those with rare events, names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.examples import RareRows, grown, of_bins
from otel_ml.drift.names import Names
from otel_ml.drift.samples import Sample, Samples

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.clock import Place
    from otel_ml.drift.detection.alarm import Alarm

Columns = Mapping[str, np.ndarray]
Ids = Sequence[str] | np.ndarray


class Intake:
    """Counts rows of one baseline.

    Args:
        baseline: whose bins are counted.
        keep: complete steps of which rows are kept.
    """

    def __init__(self, baseline: Baseline, keep: int) -> None:
        self.binner = Binner(baseline)
        self.names = Names(self.binner)
        self._samples = Samples(len(baseline.variables), keep)
        self._rare = RareRows(baseline)

    def count(self, place: Place, rows: int, features: Columns, outputs: Columns, ids: Ids | None) -> np.ndarray:
        """Counts the rows of a batch that are in the same step.

        Args:
            place: which rows.
            rows: of the batch.
            features: of the batch.
            outputs: of the batch.
            ids: of the batch.

        Returns:
            int64 in the baseline's layout.
        """
        if place.size < rows or not isinstance(place.rows, slice):
            features, outputs = _part(features, place.rows), _part(outputs, place.rows)
        counts = np.zeros(self.binner.shape, dtype=np.int64)
        self.binner.count(features, place.size, counts, outputs)
        id_of = partial(_id_of, ids, place.rows)
        self._samples.of(place.step).offer(place.size, id_of, partial(self._bins, features, outputs))
        if ids is not None:
            self._rare.look(features, outputs, counts, place.size, place.step, id_of)
        return counts

    def add(self, step: int, sample: Sample | None, rare: Iterable[tuple[int, str, str]]) -> None:
        """Takes rows that others have kept of a step: some of all, and those with rare events."""
        if sample is not None:
            self._samples.of(step).offer(len(sample.ids), sample.ids.__getitem__, sample.bins.__getitem__)
        for variable, cause, id_ in rare:
            self._rare.add(variable, cause, step, id_)

    def complete(self, step: int) -> None:
        """Takes note that no rows of this step come any more, nor of those before it."""
        self._samples.complete(step)
        self._rare.complete(step)

    def forget(self) -> None:
        """Forgets all rows: steps are numbered anew, and one of old rows would pass for one of the last."""
        self._samples.clear()
        self._rare.clear()

    def sample(self) -> Sample:
        """Returns rows of the last steps."""
        return self._samples.last()

    def examples(
        self, alarm: Alarm, window: np.ndarray, reference: np.ndarray, first: int, last: int
    ) -> tuple[str, ...]:
        """Finds ids of predictions that an alarm is about.

        Args:
            alarm: that was raised.
            window: counts that it was raised by, shape (variables, width).
            reference: what they were compared with.
            first: the first step of the window.
            last: and the last one. Later rows may be here already, and tell nothing of what this window saw.
        """
        if alarm.cause in layout.RARE:
            return self._rare.ids(alarm.variable, alarm.cause, first, last)
        columns = grown(alarm.moved, window[alarm.variable], reference[alarm.variable])
        return of_bins(self._samples.between(first, last), alarm.variable, columns)

    def _bins(self, features: Columns, outputs: Columns, rows: np.ndarray) -> np.ndarray:
        return self.binner.bins(_part(features, rows), len(rows), _part(outputs, rows))

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {"samples": self._samples.state(), "rare": self._rare.state(), "names": self.names.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where another one of the same baseline was."""
        self._samples.restore(state["samples"])
        self._rare.restore(state["rare"])
        self.names.restore(state["names"])


def _part(columns: Columns, rows: slice | np.ndarray) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _id_of(ids: Ids | None, rows: slice | np.ndarray, row: int) -> str:
    """The id of a row of those of a batch."""
    if ids is None:
        return ""
    return str(ids[(rows.start or 0) + row if isinstance(rows, slice) else int(rows[row])])

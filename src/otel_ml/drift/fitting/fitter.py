"""Takes rows in, block by block, for a baseline to be made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.errors import BaselineError
from otel_ml.drift.fitting.column import Column
from otel_ml.drift.fitting.entropy import entropy
from otel_ml.drift.fitting.nearest import nearest
from otel_ml.drift.fitting.options import Options
from otel_ml.drift.fitting.pieces import nulls, together
from otel_ml.drift.fitting.sample import Sample
from otel_ml.drift.fitting.timeline import Timeline
from otel_ml.drift.fitting.treatment import treated

if TYPE_CHECKING:
    from otel_ml.drift.variables import Kind

BLOCK: Final = 16_384
"""Rows that are looked at together: what comes in smaller chunks waits, so that chunks change nothing."""


class Fitter:
    """A baseline in the making. Can be pickled, and merged with another one of the same options.

    Args:
        options: what is wanted.

    Attributes:
        options: the same.
        rows: rows taken in so far.
        features: columns by the name of the feature.
        outputs: by ``prediction``, ``score`` and ``entropy``.
        sample: some whole rows.
        timeline: which block of time a row belongs to.
        span: seconds since 1970 of the first and the last row in time.
        late: columns that were not in every chunk.

    >>> fitter = Fitter(Options(bins=4))
    >>> for chunk in np.arange(1000.0).reshape(10, 100):
    ...     fitter.update({"x": chunk}, 100)
    >>> from otel_ml.drift.fitting.finish import finish
    >>> finish(fitter)["variables"][0].counts
    (250, 250, 250, 250)
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.rows = 0
        self.features: dict[str, Column] = {}
        self.outputs: dict[str, Column] = {}
        self.sample = Sample()
        self.timeline = Timeline(options.time is not None)
        self.span: tuple[float, float] | None = None
        self.late: set[str] = set()
        self._waiting: list[tuple[dict[str, np.ndarray], int]] = []
        self._names: set[str] | None = None

    def update(self, columns: Mapping[str, np.ndarray], rows: int) -> None:
        """Takes in rows, as `tables.columns_of` gives them.

        Raises:
            BaselineError: a column that the options name is not there.
        """
        if self._names is None:
            self._check(columns)
            self._names = columns.keys() - self.options.no_features
        elif self._names != columns.keys() - self.options.no_features:
            self.late |= self._names ^ (columns.keys() - self.options.no_features)
            self._names |= columns.keys() - self.options.no_features
        start = 0
        while start < rows:
            waiting = sum(size for _, size in self._waiting)
            stop = min(rows, start + BLOCK - waiting)
            piece = {name: column[start:stop] for name, column in columns.items()}
            if stop - start == BLOCK:
                self._take(piece, BLOCK)
            else:
                self._waiting.append(({name: column.copy() for name, column in piece.items()}, stop - start))
                if waiting + stop - start == BLOCK:
                    self.flush()
            start = stop

    def merge(self, other: Fitter) -> None:
        """Takes in what the other one has, as if its rows came after these. The other one is left as it is, but for its buffer.

        Raises:
            BaselineError: the other one has other options.
        """
        if other.options != self.options:
            raise BaselineError("only baselines that were fitted with the same options can be merged")
        self.flush()
        other.flush()
        if self.rows and other.rows:
            self.late |= self.features.keys() ^ other.features.keys()
        self.late |= other.late
        before, places = self.timeline.merge(other.timeline)
        for column in (*self.features.values(), *self.outputs.values()):
            column.regroup(before)
        for mine, theirs in ((self.features, other.features), (self.outputs, other.outputs)):
            for name in dict.fromkeys([*mine, *theirs]):
                if name not in mine:
                    mine[name] = self._column(name, theirs[name].kind, self.rows)
                if name in theirs:
                    mine[name].merge(theirs[name], places)
                else:
                    mine[name].add_nulls(other.rows)
        self.sample.merge(other.sample)
        self.rows += other.rows
        if other.span is not None:
            self._extend(*other.span)

    def flush(self) -> None:
        """Takes in the rows that still wait for more: before anybody looks at what there is."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        names = dict.fromkeys(name for piece, _ in waiting for name in piece)
        joint = {name: together([piece.get(name, nulls(size)) for piece, size in waiting]) for name in names}
        self._take(joint, sum(size for _, size in waiting))

    def _check(self, columns: Mapping[str, np.ndarray]) -> None:
        for name in self.options.named:
            if name not in columns:
                raise BaselineError(f"there is no column {name!r}; {nearest(name, list(columns))}")

    def _take(self, columns: Mapping[str, np.ndarray], rows: int) -> None:
        options, treatment = self.options, self.options.treatment
        times = None if options.time is None else self._times(columns.get(options.time, nulls(rows)))
        slots, regroupings = self.timeline.assign(rows, times)
        for column in (*self.features.values(), *self.outputs.values()):
            for places in regroupings:
                column.regroup(places)
        kept = {}
        for name, values in columns.items():
            if name in options.no_features:
                continue
            if treatment is not None:
                values = treated(values, name, treatment)
            if name not in self.features:
                self.features[name] = self._column(name, self._kind(name), self.rows)
            self.features[name].add(values, slots)
            if self.features[name].kind != "masked":
                kept[name] = values
        for name in self.features.keys() - columns.keys():
            self.features[name].add_nulls(rows)
        self._take_outputs(columns, rows, slots)
        if options.target is not None and options.target in columns:
            kept[options.target] = columns[options.target]
        self.sample.add(kept, rows, times)
        self.rows += rows

    def _take_outputs(self, columns: Mapping[str, np.ndarray], rows: int, slots: np.ndarray) -> None:
        options = self.options
        values = {}
        for role, name in (("prediction", options.prediction), ("score", options.score)):
            if name is not None:
                values[role] = columns.get(name, nulls(rows))
        if options.probabilities:
            found = [to_numbers(columns.get(name, nulls(rows)), "numeric").values for name in options.probabilities]
            values["entropy"] = entropy(np.column_stack(found))
        for role, column in values.items():
            if role not in self.outputs:
                self.outputs[role] = self._column(role, self._kind_of_output(role), self.rows)
            self.outputs[role].add(column, slots)

    def _kind(self, name: str) -> Kind | None:
        treatment = self.options.treatment
        action = "keep" if treatment is None else treatment.action(name)
        if action in ("mask", "drop"):
            return "masked"
        return "categorical" if action == "hash" else self.options.kinds.get(name)

    def _kind_of_output(self, role: str) -> Kind | None:
        if self.options.treatment is not None and self.options.treatment.action(None) != "keep":
            return "masked"
        name = {"prediction": self.options.prediction, "score": self.options.score}.get(role)
        return "numeric" if name is None else self.options.kinds.get(name)

    def _column(self, name: str, kind: Kind | None, before: int) -> Column:
        column = Column(kind, self.options.bins)
        column.add_nulls(before)
        return column

    def _times(self, values: np.ndarray) -> np.ndarray:
        numeric = values.dtype.kind in "iuf" or (values.dtype.kind == "O" and _are_numbers(values))
        times = to_numbers(values, "numeric" if numeric else "datetime").values
        known = times[np.isfinite(times)]
        if len(known):
            self._extend(float(known.min()), float(known.max()))
        return times

    def _extend(self, low: float, high: float) -> None:
        before = self.span or (low, high)
        self.span = min(low, before[0]), max(high, before[1])


def _are_numbers(values: np.ndarray) -> bool:
    return {type(value) for value in values.tolist()} <= {int, float, type(None)}

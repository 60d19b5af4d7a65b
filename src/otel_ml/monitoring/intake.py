"""From predictions to lots of rows that are counted together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from otel_ml.monitoring.counting import Counted, RowCounter
from otel_ml.monitoring.matching import Match, features_of
from otel_ml.monitoring.origin import Origin, span_of
from otel_ml.monitoring.outputs import OutputReader
from otel_ml.monitoring.rows import Group, Waiter, Waiting, origin_of
from otel_ml.observation import Batch, Row

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_ml.drift import Baseline
    from otel_ml.drift.counts.rows import Packer
    from otel_ml.monitoring.counting import Columns
    from otel_ml.observation import OutputRow, Outputs
    from otel_ml.privacy import FeaturePlan

MAX_MATCHES: Final = 32

SMALL_BATCH: Final = 64
"""Rows up to which a batch waits to be counted with others."""


class Prediction(Protocol):
    """What is needed of a prediction."""

    id: str
    context: Context
    outputs: list[Outputs]
    output_row: OutputRow | None
    error_type: str | None


class Lot(NamedTuple):
    """Rows of one step, counted.

    Attributes:
        match: of their features with the baseline's.
        step: their sub-window.
        counted: what they came to.
        features: finds their features by column, of all rows or of those in an array.
        outputs: what the model made of them, by column.
        origin: finds where a row comes from.
    """

    match: Match
    step: int
    counted: Counted
    features: Callable[..., Columns]
    outputs: Columns
    origin: Callable[[int], Origin]


class Intake:
    """Gathers single rows until there are enough of them, and counts batches at once.

    Args:
        baseline: whose bins are counted.
        counter: counts them.
        step_of: finds the sub-window of a time in seconds since 1970.
    """

    def __init__(self, baseline: Baseline, counter: RowCounter, step_of: Callable[[float], int]) -> None:
        self._counter = counter
        self._step_of = step_of
        self._reader = OutputReader(baseline)
        self._features = features_of(baseline)
        self._matches: dict[FeaturePlan, tuple[Match, Packer | None]] = {}
        self._waiting = Waiting()
        self._open: tuple[FeaturePlan, Group] | None = None

    @property
    def waits(self) -> bool:
        """Whether rows wait to be counted."""
        return self._waiting.rows > 0

    def take_row(
        self, prediction: Prediction, row: Row, plan: FeaturePlan, time: float, *, positional: bool, nbytes: int
    ) -> bool:
        """Take a single row. Its values are kept, not copied.

        Args:
            prediction: that it belongs to.
            row: its features.
            plan: of these.
            time: of the event in seconds since 1970.
            positional: whether the model takes its features by position.
            nbytes: about what it takes in memory.

        Returns:
            Whether it is time to count those that wait.
        """
        outputs = prediction.outputs if prediction.error_type is None else ()
        said = self._reader.said(outputs, 0, 1, prediction.output_row)
        group = self._group(plan, positional, self._step_of(time))
        group.add(row, said, prediction.id, None, span_of(prediction.context))
        return self._waiting.appended(nbytes)

    def take_batch(
        self,
        prediction: Prediction,
        batch: Batch,
        plan: FeaturePlan,
        times: float | Sequence[float],
        *,
        positional: bool,
    ) -> Iterator[Lot]:
        """Take the rows of a batch that are held.

        Args:
            prediction: that it belongs to.
            batch: the rows.
            plan: of its features.
            times: event time in seconds since 1970, of all rows or of each.
            positional: whether the model takes its features by position.

        Yields:
            Rows that are counted; those of a small batch wait.
        """
        outputs = prediction.outputs if prediction.error_type is None else ()
        span = span_of(prediction.context)
        if batch.held > SMALL_BATCH:
            match, _ = self._match(plan, positional)
            features = self._counter.columns(match, batch.columns.__getitem__)
            origin = partial(_origin, Origin.of(prediction.id, span), batch.positions)
            for places, answers in self._reader.of_rows(outputs, batch.size, batch.positions):
                if places is None:
                    yield from self._count_columns(match, features, answers, batch.held, times, origin)
                    continue
                rows = np.array(places)
                when = times if isinstance(times, float) else [times[place] for place in places]
                from_there = partial(_nth, origin, rows)
                yield from self._count_columns(match, _some(features, rows), answers, len(rows), when, from_there)
            return
        for index, row in enumerate(batch.rows()):
            position = index if batch.positions is None else int(batch.positions[index])
            said = self._reader.said(outputs, position, batch.size)
            step = self._step_of(times if isinstance(times, float) else times[index])
            group = self._group(plan, positional, step)
            group.add(row, said, prediction.id, position, span)
            if self._waiting.appended(row.nbytes):
                yield from self.count()

    def count(self) -> Iterator[Lot]:
        """Count those that wait."""
        self._open = None
        for group in self._waiting.take():
            yield from self._count_rows(group)

    def _group(self, plan: FeaturePlan, positional: bool, step: int) -> Group:
        """Those that a row belongs to: most often the ones that the row before it belonged to."""
        if self._open is not None:
            known, group = self._open
            if known is plan and group.step == step:
                return group
        group = self._waiting.group(*self._match(plan, positional), step)
        self._open = plan, group
        return group

    def _match(self, plan: FeaturePlan, positional: bool) -> tuple[Match, Packer | None]:
        found = self._matches.get(plan)
        if found is None:
            if len(self._matches) >= MAX_MATCHES:
                self._matches.pop(next(iter(self._matches)))
            match = Match(plan.names, self._features, plan.safe_name, positional=positional)
            found = self._matches[plan] = match, self._counter.packer(match)
        return found

    def _count_rows(self, group: Group) -> Iterator[Lot]:
        for places, outputs in self._reader.columns([row[2] for row in group.rows]):
            rows = group.rows if places is None else [group.rows[place] for place in places]
            values = [row[0] for row in rows]
            counted = self._counter.count_rows(group.match, values, outputs, [row[1] for row in rows])
            features = partial(self._columns_of, group.match, values)
            yield Lot(group.match, group.step, counted, features, outputs, partial(_origin_among, rows))

    def _columns_of(self, match: Match, values: Sequence[Sequence[Any]], rows: np.ndarray | None = None) -> Columns:
        some = values if rows is None else [values[row] for row in rows.tolist()]
        return self._counter.columns_of_rows(match, some)

    def _count_columns(
        self,
        match: Match,
        features: Columns,
        outputs: Columns,
        rows: int,
        times: float | Sequence[float],
        origin: Callable[[int], Origin],
    ) -> Iterator[Lot]:
        if isinstance(times, float):
            counted = self._counter.count_columns(features, rows, outputs)
            yield Lot(match, self._step_of(times), counted, partial(_some, features), outputs, origin)
            return
        steps = np.array([self._step_of(time) for time in times])
        for step in np.unique(steps).tolist():
            places = np.flatnonzero(steps == step)
            some, made = _some(features, places), _some(outputs, places)
            counted = self._counter.count_columns(some, len(places), made)
            yield Lot(match, step, counted, partial(_some, some), made, partial(_nth, origin, places))


def _some(columns: Columns, rows: np.ndarray | None = None) -> Columns:
    return columns if rows is None else {name: column[rows] for name, column in columns.items()}


def _origin(first: Origin, positions: np.ndarray | None, row: int) -> Origin:
    position = row if positions is None else int(positions[row])
    return first._replace(id=f"{first.id}-{position}")


def _origin_among(rows: Sequence[Waiter], row: int) -> Origin:
    return origin_of(rows[row])


def _nth(origin: Callable[[int], Origin], places: np.ndarray, row: int) -> Origin:
    return origin(int(places[row]))

"""Rows into counts over the bins of a baseline, under the privacy policy, with a few of the rows kept as examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.counts.rows import numbers_of_rows, object_column
from otel_ml.drift.examples import CAUSES, COLUMNS, limits
from otel_ml.drift.search import Search
from otel_ml.monitoring.searches import Event

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.counts.rows import Packer
    from otel_ml.monitoring.matching import Match
    from otel_ml.monitoring.treatment import Treated

Columns = Mapping[str, np.ndarray]


class Rare(NamedTuple):
    """A rare event in some rows.

    Attributes:
        variable: its index in the baseline.
        kind: a name of `otel_ml.drift.layout.RARE`.
        hits: how many rows have it.
        rows: a few of them.
    """

    variable: int
    kind: str
    hits: int
    rows: tuple[int, ...]


class Counted(NamedTuple):
    """What some rows came to.

    Attributes:
        rows: how many they were.
        counts: in the layout, with nothing of a variable that is hidden.
        nulls: of every variable, those that are hidden included; shape (variables,).
    """

    rows: int
    counts: np.ndarray
    nulls: np.ndarray


class RowCounter:
    """Counts rows of one baseline.

    Args:
        baseline: whose bins are counted.
        treated: values under the privacy policy.
    """

    def __init__(self, baseline: Baseline, treated: Treated) -> None:
        self._variables = baseline.variables
        self._binner = Binner(baseline)
        self._search = Search(baseline)
        self._limits = limits(baseline.variables)
        self._treated = treated
        self._hidden = sorted(treated.hidden)
        self._numeric = {
            variable.name
            for variable in baseline.variables
            if variable.subject == "feature" and variable.kind == "numeric" and not treated.is_changed(variable.name)
        }
        self.shape = self._binner.shape

    def packer(self, match: Match) -> Packer | None:
        """What packs rows as they come, for `count_rows`; None where there is nothing to pack, or not as it comes."""
        return None if self._treated.changes(match) else self._binner.packer(match.names)

    def count_rows(
        self,
        match: Match,
        rows: Sequence[Sequence[Any]],
        outputs: Columns,
        packed: Sequence[bytes | None] | None = None,
    ) -> Counted:
        """Counts rows that came one by one."""
        counts = np.zeros(self.shape, dtype=np.int64)
        self._binner.count_rows(match.names, self._treated.rows(match, rows), counts, outputs, packed)
        return self._seen(len(rows), counts)

    def count_columns(self, features: Columns, rows: int, outputs: Columns) -> Counted:
        """Counts rows that came by column, as `columns` gives them."""
        counts = np.zeros(self.shape, dtype=np.int64)
        self._binner.count(features, rows, counts, outputs)
        return self._seen(rows, counts)

    def columns(self, match: Match, column: Callable[[int], np.ndarray]) -> Columns:
        """Features of a batch by the baseline's names; `column` finds one by its index."""
        return {feature: self._treated.column(feature, column(place)) for feature, place in match.places.items()}

    def columns_of_rows(self, match: Match, rows: Sequence[Sequence[Any]]) -> Columns:
        """The same of rows that came one by one."""
        numbers = self._numbers(match, rows)
        others = {feature: place for feature, place in match.places.items() if feature not in numbers}
        return {
            **numbers,
            **{
                feature: self._treated.column(feature, object_column([row[place] for row in rows]))
                for feature, place in others.items()
            },
        }

    def _numbers(self, match: Match, rows: Sequence[Sequence[Any]]) -> Columns:
        """Those columns that are numbers and stay what they are, at once; none if one of them has something else."""
        places = [place for feature, place in match.places.items() if feature in self._numeric]
        matrix = numbers_of_rows(rows, places) if places and rows else None
        if matrix is None:
            return {}
        return {match.names[place]: column for place, column in zip(places, matrix.T, strict=True)}

    def bins(self, features: Columns, outputs: Columns, rows: int) -> np.ndarray:
        """Columns of the layout that a few rows are in, uint8 of shape (rows, variables)."""
        found = self._binner.bins(features, rows, outputs)
        found[:, self._hidden] = layout.NULL
        return found

    def rare(
        self,
        counted: Counted,
        features: Callable[[], Columns],
        outputs: Columns,
        choose: Callable[[Iterable[Event]], Mapping[tuple[int, str], int]],
    ) -> Iterator[Rare]:
        """Rare events among the counts; `choose` says of how many rows of each to find the places."""
        counts = counted.counts[:, COLUMNS]
        found, is_more = np.argwhere(counts), counts > self._limits * counted.rows
        events = [Event(index, CAUSES[place], bool(is_more[index, place])) for index, place in found.tolist()]
        chosen = choose(events)
        for variable, kind, _ in events:
            column, wanted = layout.RARE[kind], chosen.get((variable, kind), 0)
            rows: tuple[int, ...] = ()
            if wanted:
                rows = tuple(islice(self._search.rows(variable, column, features(), outputs, counted.rows), wanted))
            yield Rare(variable, kind, int(counted.counts[variable, column]), rows)

    def _seen(self, rows: int, counts: np.ndarray) -> Counted:
        nulls = counts[:, layout.NULL].copy()
        counts[self._hidden] = 0
        return Counted(rows, counts, nulls)

"""Ids of predictions that show what an alarm is about."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.samples import Sample

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

EXAMPLES: Final = 5
"""Ids that an alarm gives."""

MAX_SEARCHES: Final = 8
"""Searches for rare rows that a batch may cost."""

CAUSES: Final = tuple(layout.RARE)
"""Names of rare events, in the order of `COLUMNS`."""

COLUMNS: Final = list(layout.RARE.values())


class RareRows:
    """The last ids of rows with a rare event, by variable and event.

    A sample of rows would hardly have one. They are looked for only where a batch has more than the baseline makes one
    expect, and where the ids that are kept are few or old.

    Args:
        baseline: of the variables.
        keep: steps after which ids are old.
    """

    def __init__(self, baseline: Baseline, keep: int) -> None:
        self._baseline = baseline
        self._keep = keep
        self._found: dict[tuple[int, str], deque[tuple[int, str]]] = {}
        self._binners: dict[int, Binner] = {}
        usual = np.zeros((len(baseline.variables), len(COLUMNS)))
        usual[:, COLUMNS.index(layout.NULL)] = [variable.null_ratio for variable in baseline.variables]
        self._limits = np.maximum(2 * usual, usual + 0.002)

    def note(
        self,
        features: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        counts: np.ndarray,
        rows: int,
        step: int,
        id_of: Callable[[int], str],
    ) -> None:
        """Looks for rare rows in a batch.

        Args:
            features: of the rows.
            outputs: of the rows.
            counts: of the rows.
            rows: how many.
            step: that they are in.
            id_of: finds the id of a row.
        """
        many = np.argwhere(counts[:, COLUMNS] > self._limits * rows).tolist()
        wanted = ((index, CAUSES[cause]) for index, cause in many if self._is_wanting(index, CAUSES[cause], step))
        for index, cause in islice(wanted, MAX_SEARCHES):
            found = self._found.setdefault((index, cause), deque(maxlen=EXAMPLES))
            has = partial(self._has, index, layout.RARE[cause], features, outputs)
            for row in islice(_last_rows(has, 0, rows), EXAMPLES):
                found.append((step, id_of(row)))

    def add(self, variable: int, cause: str, step: int, id_: str) -> None:
        """Keeps the id of a row that somebody else has found."""
        self._found.setdefault((variable, cause), deque(maxlen=EXAMPLES)).append((step, id_))

    def ids(self, variable: int, cause: str) -> tuple[str, ...]:
        """Returns the ids that are kept, the newest first."""
        return tuple(id_ for _, id_ in reversed(self._found.get((variable, cause), ())))

    def _is_wanting(self, variable: int, cause: str, step: int) -> bool:
        found = self._found.get((variable, cause))
        return found is None or len(found) < EXAMPLES or found[0][0] < step - self._keep

    def _has(
        self,
        index: int,
        column: int,
        features: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        low: int,
        high: int,
    ) -> bool:
        """Tells whether any of the rows from low to high counts in a column of a variable's counts."""
        binner, variable = self._binner(index), self._baseline.variables[index]
        part = {name: values[low:high] for name, values in features.items() if name in (variable.name, variable.source)}
        made = {name: values[low:high] for name, values in outputs.items()}
        counts = np.zeros(binner.shape, dtype=np.int64)
        binner.count(part, high - low, counts, made)
        return bool(counts[0, column])

    def _binner(self, index: int) -> Binner:
        """One for a single variable, since counting all of them would take too long."""
        if index not in self._binners:
            only = (self._baseline.variables[index],)
            self._binners[index] = Binner(replace(self._baseline, variables=only, projections=None))
        return self._binners[index]

    def state(self) -> list[list[Any]]:
        """What `restore` continues from."""
        return [[variable, cause, list(map(list, found))] for (variable, cause), found in self._found.items()]

    def restore(self, state: Sequence[Sequence[Any]]) -> None:
        """Continues where others were."""
        for variable, cause, found in state:
            self._found[variable, cause] = deque(((step, id_) for step, id_ in found), maxlen=EXAMPLES)


def _last_rows(has: Callable[[int, int], bool], low: int, high: int) -> Iterator[int]:
    """Yields rows that have it, the last first, by halves."""
    if not has(low, high):
        return
    if high - low == 1:
        yield low
        return
    middle = (low + high) // 2
    yield from _last_rows(has, middle, high)
    yield from _last_rows(has, low, middle)


def of_bins(sample: Sample, variable: int, columns: Sequence[int]) -> tuple[str, ...]:
    """Finds ids of sampled rows whose value is in one of these columns of the layout, the newest first."""
    rows = np.flatnonzero(np.isin(sample.bins[:, variable], list(columns))).tolist()
    ids = dict.fromkeys(sample.ids[row] for row in rows if sample.ids[row])
    return tuple(islice(ids, EXAMPLES))


def grown(columns: Sequence[int], window: np.ndarray, reference: np.ndarray) -> list[int]:
    """Keeps the columns whose share has grown; all of them if none has.

    Args:
        columns: of the layout.
        window: counts of a variable, shape (width,).
        reference: what they are compared with, of the same shape.
    """
    now, then = window / max(window.sum(), 1), reference / max(reference.sum(), 1)
    return [column for column in columns if now[column] > then[column]] or list(columns)

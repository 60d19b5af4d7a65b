"""Ids of predictions that show what an alarm is about."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.samples import Sample
from otel_ml.drift.search import Search

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
        self._search = Search(baseline)
        self._keep = keep
        self._found: dict[tuple[int, str], deque[tuple[int, str]]] = {}
        rows = np.array([max(variable.rows, 1) for variable in baseline.variables])
        usual = layout.reference(baseline.variables)[:, COLUMNS] / rows[:, None]
        self._limits = np.maximum(2 * usual, usual + 0.002)

    def look(
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
            found = self._search.rows(index, layout.RARE[cause], features, outputs, rows)
            for row in islice(found, EXAMPLES):
                self.add(index, cause, step, id_of(row))

    def add(self, variable: int, cause: str, step: int, id_: str) -> None:
        """Keeps the id of a row that has an event."""
        self._found.setdefault((variable, cause), deque(maxlen=EXAMPLES)).append((step, id_))

    def ids(self, variable: int, cause: str, first: int = 0) -> tuple[str, ...]:
        """Returns the ids that are kept of rows from a step on, the newest first."""
        found = self._found.get((variable, cause), ())
        return tuple(id_ for step, id_ in reversed(found) if step >= first)

    def clear(self) -> None:
        """Forgets all rows."""
        self._found.clear()

    def _is_wanting(self, variable: int, cause: str, step: int) -> bool:
        found = self._found.get((variable, cause))
        # Once a step, so that a short window has examples of its own.
        return found is None or len(found) < EXAMPLES or found[-1][0] < step or found[0][0] < step - self._keep

    def state(self) -> list[list[Any]]:
        """What `restore` continues from."""
        return [[variable, cause, list(map(list, found))] for (variable, cause), found in self._found.items()]

    def restore(self, state: Sequence[Sequence[Any]]) -> None:
        """Continues where others were."""
        for variable, cause, found in state:
            self._found[variable, cause] = deque(((step, id_) for step, id_ in found), maxlen=EXAMPLES)


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

"""Ids of predictions that show what an alarm is about."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.samples import Sample
from otel_ml.drift.search import Search

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.variables import Variable

EXAMPLES: Final = 5
"""Ids that an alarm gives."""

MAX_SEARCHES: Final = 8
"""Searches for rare rows that a batch may cost."""

NEAR: Final = 64 * EXAMPLES
"""Of the newest ids so many are kept; of steps further behind, which still wait for late rows, one each."""

CAUSES: Final = tuple(layout.RARE)
"""Names of rare events, in the order of `COLUMNS`."""

COLUMNS: Final = list(layout.RARE.values())

_step: Final = itemgetter(0)


class RareRows:
    """Ids of rows with a rare event, by variable and event: of each step that is not complete, and the last of those that are.

    A sample of rows would hardly have one. They are looked for only where a batch has more than the baseline makes one
    expect. What is asked for lies in a window that ends with the step that was just completed, however many later steps
    have rows by then, and however late the rows of an earlier one come.

    Args:
        baseline: of the variables.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._search = Search(baseline)
        self._found: dict[tuple[int, str], list[tuple[int, str]]] = {}  # in order of steps
        self._complete: int | None = None
        self._limits = limits(baseline.variables)

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
        wanted = [(self._newest(index, CAUSES[cause]), index, cause) for index, cause in many]
        # Those of which the last ones are oldest come first, so that each has its turn where there are many.
        wanted = sorted(one for one in wanted if self._held(*one[1:], step) < EXAMPLES)
        for _, index, cause in wanted[:MAX_SEARCHES]:
            found = self._search.rows(index, COLUMNS[cause], features, outputs, rows)
            for row in islice(found, EXAMPLES):
                self.add(index, CAUSES[cause], step, id_of(row))

    def add(self, variable: int, cause: str, step: int, id_: str) -> None:
        """Keeps the id of a row that has an event."""
        found = self._found.setdefault((variable, cause), [])
        end = bisect_right(found, step, key=_step)
        found.insert(end, (step, id_))
        if end >= EXAMPLES and found[end - EXAMPLES][0] == step:
            del found[end - EXAMPLES]
        elif (far := min(end, len(found) - NEAR) - 1) >= 0 and found[far][0] == found[far + 1][0]:
            del found[far]
        if self._complete is not None:
            del found[: max(bisect_right(found, self._complete, key=_step) - EXAMPLES, 0)]

    def ids(self, variable: int, cause: str, first: int, last: int) -> tuple[str, ...]:
        """Returns ids that are kept of rows from a first step to a last one, the newest first."""
        found = self._found.get((variable, cause), [])
        own = found[bisect_left(found, first, key=_step) : bisect_right(found, last, key=_step)]
        return tuple(id_ for _, id_ in reversed(own[-EXAMPLES:]))

    def complete(self, step: int) -> None:
        """Takes note that no rows of this step come any more, nor of those before it."""
        self._complete = step

    def clear(self) -> None:
        """Forgets all rows."""
        self._found.clear()
        self._complete = None

    def _newest(self, variable: int, cause: str) -> float:
        found = self._found.get((variable, cause))
        return found[-1][0] if found else -math.inf

    def _held(self, variable: int, cause: int, step: int) -> int:
        found = self._found.get((variable, CAUSES[cause]), [])
        return bisect_right(found, step, key=_step) - bisect_left(found, step, key=_step)

    def state(self) -> list[list[Any]]:
        """What `restore` continues from."""
        return [[variable, cause, list(map(list, found))] for (variable, cause), found in self._found.items()]

    def restore(self, state: Sequence[Sequence[Any]]) -> None:
        """Continues where others were."""
        for variable, cause, found in state:
            self._found[variable, cause] = sorted(((step, id_) for step, id_ in found), key=_step)


def limits(variables: Sequence[Variable]) -> np.ndarray:
    """Shares of rare events that are no more than the alarm bears: twice as many as in training or .2% more, but not 5% more.

    Returns:
        float64 of shape (variables, events), in the order of `COLUMNS`.
    """
    rows = np.array([max(variable.rows, 1) for variable in variables])
    usual = layout.reference(variables)[:, COLUMNS] / rows[:, None]
    borne: np.ndarray = np.minimum(np.maximum(2 * usual, usual + 0.002), usual + 0.05)
    return borne


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

"""A file, a frame or a batch job's output, checked like a stream: one pass, in memory that does not grow."""

from __future__ import annotations

import os
import time as _time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.fitting.entropy import entropy
from otel_ml.drift.monitor import Monitor
from otel_ml.drift.report import Report
from otel_ml.drift.reporting import OUTPUTS, report_of
from otel_ml.drift.settings import Settings
from otel_ml.drift.tables import Columns, chunks_of, column_array

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

ROWS_AT_ONCE: Final = 65_536
"""Rows of a larger table that are looked at together; what is made of them has to fit into memory, and best into a cache."""

HOUR: Final = 3_600.0

ONE_WINDOW: Final = 2**62
"""Rows per step where everything is one."""


def check(
    data: Any,
    baseline: Baseline | str | os.PathLike[str],
    *,
    rows_per_step: int | None = None,
    time: str | Any | None = None,
    window: float | None = None,
    prediction: str | None = None,
    score: str | None = None,
    probabilities: Iterable[str] = (),
    ids: str | None = None,
    progress: Callable[[int], object] | None = None,
    **settings: Any,
) -> Report:
    """Runs a table through the same engine as a stream.

    Steps are of event time where there is a `time`, of `rows_per_step` rows where that is given, and else everything is one
    step. Rows have to be in the order of time, to within `lateness`.

    Args:
        data: a mapping of columns, an array, a frame of pandas or polars, a pyarrow table, a list of dicts; or an iterator of
            any of them, of which one is in memory at a time.
        baseline: what to compare with, or the path of its file.
        rows_per_step: rows in a step. A week of false alarms counts as 10,080 steps then.
        time: column of the event time (dates, texts in ISO 8601, or seconds since 1970), or the times themselves, one a row.
        window: seconds of a step, where there is a `time`; an hour by default.
        prediction: column of what the model predicted; by default the one that the baseline names.
        score: column of its confidence; by default the one that the baseline names.
        probabilities: columns of class probabilities, as `Baseline.fit` takes them, for their entropy.
        ids: column of the predictions' ids. By default examples are the numbers of rows, from 0.
        progress: told the number of rows done, from time to time.
        **settings: of `Settings`, such as ``lateness``, ``tolerance`` or ``false_alarms_per_week``.

    Returns:
        The state at the end: whatever was in alarm once is, and scores are of the last step, or of the one before if the
        end cut the last one down to less than half of that one's rows.

    Raises:
        BaselineError: the baseline can not be read.
        TypeError: the data is of no known type.
        ValueError: a setting is out of its range, a column is not there, or no row has a time.

    >>> from otel_ml.drift.baseline import Baseline
    >>> from otel_ml.drift.variables import Variable
    >>> age = Variable("age", rows=4_000, edges=(30.0,), counts=(2_000, 2_000), centers=(20.0, 40.0), mean=30.0, std=10.0)
    >>> report = check({"age": np.full(3_000, 70.0)}, Baseline("example", 4_000, (age,)), rows_per_step=1_000)
    >>> report.alarm, report.features[0].causes, report.features[0].first_alarm.row
    (True, ('distribution',), 1000)
    """
    if time is not None and rows_per_step is not None:
        raise ValueError("steps are of event time or of a number of rows: give time or rows_per_step, not both")
    if window is not None and time is None:
        raise ValueError("a window is of event time: give time, or rows_per_step instead")
    if time is None and rows_per_step is None:
        rows_per_step = ONE_WINDOW
    if isinstance(baseline, (str, os.PathLike)):
        from otel_ml.drift.baseline import Baseline as _Baseline

        baseline = _Baseline.load(baseline)
    now = _time.time()  # the clock stands still, so that a file gives the same report however long it takes
    own = Settings(window=HOUR if window is None else window, rows_per_step=rows_per_step, **settings)
    monitor = Monitor(baseline, own, wall=lambda: now)
    reader = _Reader(baseline, time, {"prediction": prediction, "score": score}, tuple(probabilities), ids)
    done = 0
    for columns, rows in chunks_of(data):
        features, outputs, times, names = reader.parts(columns, rows, done)
        for start in range(0, rows, ROWS_AT_ONCE):
            part = slice(start, min(start + ROWS_AT_ONCE, rows))
            monitor.observe(
                {name: column[part] for name, column in features.items()},
                {name: column[part] for name, column in outputs.items()},
                rows=part.stop - part.start,
                times=None if times is None else times[part],
                ids=names[part],
            )
            done += part.stop - part.start
            if progress is not None:
                progress(done)
    monitor.flush()
    report = report_of(monitor.snapshot(ended=True))
    if done and not report.rows:
        raise ValueError("no row has an event time that can be used: a date, a text in ISO 8601, or seconds since 1970")
    return report


class _Reader:
    """Finds in the columns of a chunk what is a feature, an output, the time, the id."""

    def __init__(
        self,
        baseline: Baseline,
        time: Any,
        outputs: dict[str, str | None],
        probabilities: tuple[str, ...],
        ids: str | None,
    ) -> None:
        self._features = {v.name for v in baseline.variables if v.subject == "feature" and v.source is None}
        made = [variable for variable in baseline.variables if variable.subject in OUTPUTS]
        self._outputs = {v.name: outputs.get(v.subject) or v.source or v.name for v in made}
        self._probabilities = probabilities
        self._required = [name for name in (*outputs.values(), *probabilities) if name is not None]
        self._time = time if isinstance(time, str) else None
        self._times = None if time is None or isinstance(time, str) else event_times(column_array(time))
        self._ids = ids

    def parts(
        self, columns: Columns, rows: int, before: int
    ) -> tuple[Columns, Columns, np.ndarray | None, Sequence[str] | np.ndarray]:
        """Returns features, outputs, event times and ids of a chunk that so many rows came before."""
        for name in (*self._required, self._time, self._ids):
            if name is not None and name not in columns:
                raise ValueError(f"there is no column {name!r}: there are {', '.join(map(repr, list(columns)[:20]))}")
        outputs = {name: columns[column] for name, column in self._outputs.items() if column in columns}
        if self._probabilities:
            matrix = [to_numbers(columns[name], "numeric").values for name in self._probabilities]
            outputs["entropy"] = entropy(np.column_stack(matrix))
        others = {*self._outputs.values(), *self._probabilities, self._time, self._ids} - self._features
        features = {name: column for name, column in columns.items() if name not in others}
        times = event_times(columns[self._time]) if self._time is not None else None
        if self._times is not None:
            times = self._times[before : before + rows]
            if len(times) < rows:
                raise ValueError(f"there are {len(self._times):,} times for more rows")
        return features, outputs, times, _RowNumbers(before, rows) if self._ids is None else columns[self._ids]


class _RowNumbers(Sequence[str]):
    """The numbers of rows as texts, made when one is asked for."""

    def __init__(self, first: int, rows: int) -> None:
        self._first, self._rows = first, rows

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> _RowNumbers: ...

    def __getitem__(self, index: int | slice) -> str | _RowNumbers:
        if isinstance(index, slice):
            start, stop, _ = index.indices(self._rows)
            return _RowNumbers(self._first + start, stop - start)
        if not 0 <= index < self._rows:
            raise IndexError(index)
        return str(self._first + index)

    def __iter__(self) -> Iterator[str]:
        return (str(number) for number in range(self._first, self._first + self._rows))


def event_times(column: np.ndarray) -> np.ndarray:
    """Converts a column of dates, texts in ISO 8601 or seconds since 1970 into seconds; NaN where it is none of these."""
    dates = to_numbers(column, "datetime").values
    if column.dtype.kind in "MU":
        return dates
    return np.where(np.isnan(dates), to_numbers(column, "numeric").values, dates)

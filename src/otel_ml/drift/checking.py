"""A file, a frame or a batch job's output, checked like a stream: one pass, in memory that does not grow."""

from __future__ import annotations

import os
import time as _time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from otel_ml.drift import layout
from otel_ml.drift.errors import CheckError
from otel_ml.drift.monitor import Monitor
from otel_ml.drift.report import Report
from otel_ml.drift.reporting import report_of
from otel_ml.drift.roles import Roles
from otel_ml.drift.settings import Settings
from otel_ml.drift.tables import chunks_of

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

ROWS_AT_ONCE: Final = 65_536
"""Rows of a larger table that are looked at together; what is made of them has to fit into memory, and best into a cache."""

HOUR: Final = 3_600.0

ONE_WINDOW: Final = 2**62
"""Rows per step where everything is one."""

MAX_LATE: Final = 0.01
"""Share of rows out of the order of time that makes what is found of the others worth nothing."""

_OPEN_BYTES: Final = 1 << 26
_LEAST_OPEN: Final = 64
_MOST_OPEN: Final = 10_000


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
    step. Rows need not be sorted by time as far as the steps that are not complete fit into 64 MB, or to within
    ``lateness`` seconds where that is given.

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
        CheckError: a column that was named is not there, or none of those that the baseline has; no row has a time; or more
            than 1% of the rows are so far from the order of time that they were left out. It is a ValueError, too.
        TypeError: the data is of no known type.
        ValueError: a setting is out of its range.

    >>> import numpy as np
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
    if time is not None and "lateness" not in settings:
        own = replace(own, lateness=patience(baseline, own.step))
    monitor = Monitor(baseline, own, wall=lambda: now)
    roles = Roles(baseline, time, {"prediction": prediction, "score": score}, tuple(probabilities), ids)
    done = 0
    for columns, rows in chunks_of(data):
        parts = roles.parts(columns, rows)
        for start in range(0, rows, ROWS_AT_ONCE):
            part = slice(start, min(start + ROWS_AT_ONCE, rows))
            monitor.observe(
                {name: column[part] for name, column in parts.features.items()},
                {name: column[part] for name, column in parts.outputs.items()},
                rows=part.stop - part.start,
                times=None if parts.times is None else parts.times[part],
                ids=parts.ids[part],
            )
            done += part.stop - part.start
            if progress is not None:
                progress(done)
    monitor.flush()
    report = report_of(monitor.snapshot(ended=True))
    if done and not report.rows:
        raise CheckError("no row has an event time that can be used: a date, a text in ISO 8601, or seconds since 1970")
    if report.late > MAX_LATE * done:
        raise CheckError(
            f"{report.late:,} of {done:,} rows are too far from the order of time: "
            f"sort them by {time if isinstance(time, str) else 'time'}"
        )
    return replace(report, notes=(*report.notes, *roles.notes))


def patience(baseline: Baseline, step: float) -> float:
    """Seconds that a row of a table may be behind: tables are rarely sorted, and nobody waits for an alarm.

    As far as the counts of steps that are not complete fit into a fixed memory.

    Args:
        baseline: whose bins are counted.
        step: seconds.
    """
    matrix = 8 * len(baseline.variables) * layout.width(baseline.variables)
    return step * min(max(_OPEN_BYTES // max(matrix, 1), _LEAST_OPEN), _MOST_OPEN)

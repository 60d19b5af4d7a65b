"""What the alarm makes of public series in which people have marked changes: `python -m benchmarks.drift.real_series [--update]`.

The same way for every series, with nothing set for any of them: after each mark a baseline is fitted anew, as after a
retraining, on two thirds of the rows up to the next mark and on 2,000 at least; the rest of them should be quiet; then the
marked change comes. An alarm in the quiet part is a false one, whatever it was about. The first one after the mark, up to
the mark after it, is a hit.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.drift import page
from benchmarks.drift.series import Series, all_series
from otel_ml.drift import Baseline, Monitor, Settings, check
from otel_ml.drift.report import Change
from otel_ml.drift.settings import MIN_REFERENCE_ROWS

ROWS_PER_STEP = 25
BLOCK = "real series"


@dataclass(frozen=True)
class Watch:
    """A part of a series: a baseline, a quiet time, and a marked change if there is one.

    Attributes:
        first: row at which the baseline begins.
        quiet: row at which it ends, and watching begins.
        change: row that is marked; None where nothing is.
        end: row at which watching ends.
    """

    first: int
    quiet: int
    change: int | None
    end: int


@dataclass(frozen=True)
class Result:
    """What came of a watch.

    Attributes:
        watch: that one.
        false_alarms: raised in the quiet part.
        hit: the first one raised after the mark.
        delay: rows from the mark to the end of the step in which it was raised.
        quiet: the largest total variation of a column between the baseline and the quiet part; None where too few rows.
        after: the same for what comes after the mark.
    """

    watch: Watch
    false_alarms: tuple[Change, ...]
    hit: Change | None
    delay: int | None
    quiet: float | None
    after: float | None


def watches(series: Series) -> Iterator[Watch]:
    """Cuts a series at its marks, and leaves out what is too short for an alarm."""
    starts = [0, *series.changes]
    for first, change in zip(starts, [*series.changes, None], strict=True):
        before = series.rows if change is None else change
        quiet = max(first + MIN_REFERENCE_ROWS, first + 2 * (before - first) // 3, series.begin)
        if quiet + ROWS_PER_STEP > before:
            continue
        later = [mark for mark in series.changes if change is not None and mark > change]
        yield Watch(first, quiet, change, min([series.rows, *later]))


def run(series: Series, watch: Watch) -> Result:
    """Fits the baseline of a watch, and lets the monitor see the rest."""
    training = {name: column[watch.first : watch.quiet] for name, column in series.columns.items()}
    baseline = Baseline.fit(training, ordered=True)
    monitor = Monitor(baseline, Settings(rows_per_step=ROWS_PER_STEP))
    features = {name: column[watch.quiet : watch.end] for name, column in series.columns.items()}
    monitor.observe(features, rows=watch.end - watch.quiet)
    raised = [change for change in monitor.flush() if change.detected]
    mark = series.rows if watch.change is None else watch.change
    early = tuple(change for change in raised if watch.quiet + change.moment.row < mark)
    late = [change for change in raised if watch.quiet + change.moment.row >= mark and watch.change is not None]
    hit = late[0] if late else None
    delay = None if hit is None else watch.quiet + hit.moment.row + ROWS_PER_STEP - mark
    quiet = _distance(series, baseline, watch.quiet, min(mark, watch.end))
    after = None if watch.change is None else _distance(series, baseline, watch.change, watch.end)
    return Result(watch, early, hit, delay, quiet, after)


def _distance(series: Series, baseline: Baseline, first: int, last: int) -> float | None:
    """The largest total variation of a column, over some rows as one window."""
    report = check({name: column[first:last] for name, column in series.columns.items()}, baseline)
    found = [one.scores["total_variation"] for one in report.features]
    return max((score for score in found if score is not None), default=None)


HOW = f"""
After each mark a baseline is fitted, as after a retraining: on two thirds of the rows up to the next mark, and on
{MIN_REFERENCE_ROWS:,} at least. The rest up to that mark should be quiet. An alarm after it and before the next one is
a hit. Steps are of {ROWS_PER_STEP} rows, and all else is at its default for every series: one false alarm in 10,080 steps.
Features are the value and its difference to the one before (of prices the relative one), and the combinations of both
that a baseline has by itself.
""".strip()

WHY = """
Series are not what the alarm is made for. Rows follow from one another here, and stretches of one segment differ nearly as
much as segments do; the fit measures that, the alarm allows for it, and so it misses what people see, or finds it late. And
it tells that values are not like those trained on, where people mark the turn of a curve: the price of oil left what it
was from 1987 to 1999 two years before the first change that two people agree on.
""".strip()


def table() -> str:
    """All results as Markdown."""
    lines = [
        "| series | baseline, rows | quiet rows: false alarms | marked change | total variation, quiet and after | found after |",
        "|---|---|---|---|---|---|",
    ]
    short = []
    hits = marks = false = quiet = 0
    for series in all_series():
        results = [run(series, watch) for watch in watches(series)]
        if not results:
            short.append(f"{series.name} ({series.carrier}; {series.rows:,} rows)")
        for result in results:
            watch = result.watch
            rows = (watch.end if watch.change is None else watch.change) - watch.quiet
            alarms = ", ".join(f"{one.name} {one.cause}" for one in result.false_alarms)
            found = f"{result.delay:,} rows, by {result.hit.name} ({result.hit.cause})" if result.hit else "**missed**"
            lines.append(
                f"| {series.name} ({series.carrier}) | {watch.first:,} to {watch.quiet:,} | "
                f"{rows:,}: {len(result.false_alarms) or 'none'}{f' ({alarms})' if alarms else ''} | "
                + (
                    f"none | {_told(result.quiet)} | |"
                    if watch.change is None
                    else f"row {watch.change:,} | {_told(result.quiet)}, {_told(result.after)} | {found} |"
                )
            )
            marks += watch.change is not None
            hits += result.hit is not None
            false += len(result.false_alarms)
            quiet += rows
    lines += [
        "",
        f"{hits} of {marks} marked changes were found, with {false} false alarms in {quiet:,} quiet rows "
        f"({quiet // ROWS_PER_STEP:,} steps of {ROWS_PER_STEP} rows).",
    ]
    if short:
        lines.append(
            f"Too short for an alarm, which needs {MIN_REFERENCE_ROWS:,} rows to compare with: {', '.join(short)}."
        )
    return "\n".join([HOW, "", *lines, "", WHY])


def _told(distance: float | None) -> str:
    return "too few rows" if distance is None else f"{distance:.2f}"


def main() -> None:
    """Prints the table, and writes it into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--update", action="store_true", help="also write the table into docs/drift.md")
    update = parser.parse_args().update
    found = table()
    print(found)
    if update:
        page.update(BLOCK, found)


if __name__ == "__main__":
    main()

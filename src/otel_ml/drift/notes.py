"""What holds for a whole report, in words: what was not compared, and why there may be no alarm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from otel_ml.drift import layout
from otel_ml.drift.report import counted
from otel_ml.drift.settings import MIN_REFERENCE_ROWS

if TYPE_CHECKING:
    from otel_ml.drift.snapshot import Snapshot

WORTH_A_NOTE: Final = 0.02
"""More than what was set, from which on a tolerance is told of: that of 2,000 rows is a hundredth more."""

MAX_NAMED: Final = 5

_COMPARED: Final = {
    "baseline": "the training data",
    "previous": "the steps before",
    "last_week": "the same hours last week",
}


def notes_of(snapshot: Snapshot) -> tuple[str, ...]:
    """What holds for the whole report."""
    notes = [] if snapshot.rows else ["there were no rows, so nothing was compared"]
    settings, reference = snapshot.settings, int(layout.rows_of(snapshot.widest).max(initial=0))
    if settings.reference == "baseline" and reference < MIN_REFERENCE_ROWS:
        notes.append(
            f"the baseline has {counted(reference, 'row')}: below {MIN_REFERENCE_ROWS:,} there are scores and no alarm"
        )
    elif reference < MIN_REFERENCE_ROWS:
        notes.append(
            f"{_COMPARED[settings.reference]} have {counted(reference, 'row')}: below {MIN_REFERENCE_ROWS:,} there is no alarm"
        )
    elif settings.reference != "baseline":
        notes += _too_few_values(snapshot)
    notes += _beyond_tolerance(snapshot)
    if snapshot.cut_short:
        notes.append("the last step was cut short by the end: scores are of the one before")
    if snapshot.scored.since is not None and snapshot.steps > 1:
        rows = int(layout.rows_of(snapshot.scored.window).max(initial=0))
        since = snapshot.scored.since.time or f"step {snapshot.scored.since.step}"
        notes.append(f"scores are of the last {counted(rows, 'row')}, since {since}: the last step alone has too few")
    if snapshot.undated:
        notes.append(
            f"{counted(snapshot.undated, 'row')} had no event time that can be used: counted as of the row before"
        )
    if snapshot.late:
        notes.append(
            f"{counted(snapshot.late, 'row was', 'rows were')} left out, coming more than {settings.lateness:g} s late: "
            "sort them by time, or allow for more lateness"
        )
    notes += [
        f"{name!r} of the baseline seems to be {other!r} of the rows"
        for name, other in renamed(snapshot.missing, snapshot.extra)
    ]
    return tuple(notes)


def renamed(missing: Iterable[str], extra: Iterable[str]) -> list[tuple[str, str]]:
    """Names that are not there, each with one that is and differs in case only.

    >>> renamed(["age", "plan"], ["AGE", "plans"])
    [('age', 'AGE')]
    """
    known = {name.casefold(): name for name in missing}
    return [(known[name.casefold()], name) for name in extra if name.casefold() in known]


def _beyond_tolerance(snapshot: Snapshot) -> list[str]:
    """Which columns may go further than was set: an alarm that is silent for that would seem to be broken."""
    found = [
        (tolerance, variable.name)
        for tolerance, variable in zip(snapshot.tolerance.tolist(), snapshot.baseline.variables, strict=True)
        if variable.subject != "multivariate" and tolerance >= snapshot.settings.tolerance + WORTH_A_NOTE
    ]
    if not found:
        return []
    found.sort(key=lambda one: -one[0])
    told = _some([f"{name} {tolerance:.0%}" for tolerance, name in found])
    why = "the training data go up and down or are few"
    if snapshot.settings.reference != "baseline":
        why = f"the training data go up and down or {_COMPARED[snapshot.settings.reference]} have few rows"
    return [
        f"the tolerance is larger than {snapshot.settings.tolerance:.0%} for {counted(len(found), 'variable')}, as {why}: {told}"
    ]


def _too_few_values(snapshot: Snapshot) -> list[str]:
    """Which columns have too many nulls in a reference that has rows enough."""
    values = snapshot.widest[:, layout.FIRST :].sum(-1).tolist()
    found = [
        (own, variable.name)
        for own, variable in zip(values, snapshot.baseline.variables, strict=True)
        if own < MIN_REFERENCE_ROWS and len(variable.counts) > 1
    ]
    if not found:
        return []
    told = _some([f"{name} {own:,}" for own, name in sorted(found)])
    return [
        f"{_COMPARED[snapshot.settings.reference]} have less than {MIN_REFERENCE_ROWS:,} values, so that there is no alarm about "
        f"the distribution, of {counted(len(found), 'variable')}: {told}"
    ]


def _some(told: list[str]) -> str:
    more = f" and {len(told) - MAX_NAMED} more" if len(told) > MAX_NAMED else ""
    return ", ".join(told[:MAX_NAMED]) + more

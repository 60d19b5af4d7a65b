"""What a monitor knows, as a report for people: scores, alarms and their story, the strongest drift first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.alarms import Raised, bin_name
from otel_ml.drift.groups import groups_of
from otel_ml.drift.report import SCORES, Bin, Moment, Report, VariableReport
from otel_ml.drift.samples import Sample
from otel_ml.drift.scoring import Scorer, Scores
from otel_ml.drift.settings import MIN_REFERENCE_ROWS, Settings
from otel_ml.drift.variables import Variable
from otel_ml.drift.windows import rows_of

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

OUTPUTS: Final = ("prediction", "score", "entropy")
"""Subjects that tell of what the model made of its features."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a report is made of, taken at one moment.

    Attributes:
        baseline: of the model.
        settings: of the monitor.
        window: counts of the window that is scored, shape (variables, width).
        reference: what it is compared with, of the same shape.
        scorer: of that reference.
        totals: counts of the whole stream.
        rows: of the whole stream.
        steps: that are complete.
        alarms: those to tell of.
        first: when each variable was first in alarm.
        sample: rows of the last steps.
        missing: features that no row had.
        extra: features that the baseline does not know.
        late: rows left out.
        undated: rows without a time that could be used.
    """

    baseline: Baseline
    settings: Settings
    window: np.ndarray
    reference: np.ndarray
    scorer: Scorer
    totals: np.ndarray
    rows: int
    steps: int
    alarms: tuple[Raised, ...]
    first: Mapping[int, Moment]
    sample: Sample
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    late: int
    undated: int


def report_of(snapshot: Snapshot) -> Report:
    """Writes the report of what a monitor knew at a moment."""
    variables = snapshot.baseline.variables
    scores = snapshot.scorer.scores(snapshot.window)
    raised: dict[int, list[Raised]] = {}
    for one in snapshot.alarms:
        raised.setdefault(one.change.variable, []).append(one)
    groups = groups_of(variables, raised, snapshot.sample)
    reports = {
        index: replace(_told(_report(snapshot, scores, index), raised.get(index, [])), group=groups.get(index))
        for index in range(len(variables))
    }
    noise = np.nan_to_num(scores.values["total_variation"] - scores.noise["total_variation"], nan=-1.0)
    order = sorted(reports, key=lambda index: (not reports[index].alarm, -reports[index].effect, -noise[index], index))
    by_subject: dict[str, list[VariableReport]] = {"feature": [], "multivariate": [], "output": []}
    for index in order:
        subject = variables[index].subject
        by_subject["output" if subject in OUTPUTS else subject].append(reports[index])
    return Report(
        baseline=snapshot.baseline.id,
        rows=snapshot.rows,
        steps=snapshot.steps,
        alarm=bool(raised),
        features=tuple(by_subject["feature"]),
        predictions=tuple(by_subject["output"]),
        multivariate=tuple(by_subject["multivariate"]),
        missing=snapshot.missing,
        extra=snapshot.extra,
        late=snapshot.late,
        notes=_notes(snapshot),
    )


def _report(snapshot: Snapshot, scores: Scores, index: int) -> VariableReport:
    """What there is to say of a variable without an alarm."""
    variable, counts = snapshot.baseline.variables[index], snapshot.window[index]
    rows = int(scores.rows[index])
    values = int(counts[layout.FIRST :].sum())
    return VariableReport(
        name=variable.name,
        subject=variable.subject,
        kind=variable.kind,
        rows=rows,
        null_ratio=int(counts[layout.NULL]) / rows if rows else None,
        baseline_null_ratio=variable.null_ratio if variable.rows else None,
        scores={name: _number(scores.values[name][index]) for name in SCORES},
        noise={name: _number(scores.noise[name][index]) for name in SCORES},
        first_alarm=snapshot.first.get(index),
        bins=_bins(variable, counts, rows, snapshot.reference[index]),
        violations=_violations(variable, snapshot.totals[index], snapshot.rows, variable.name in snapshot.missing),
        note=_note(variable, values, float(scores.needed[index])),
    )


def _told(report: VariableReport, raised: list[Raised]) -> VariableReport:
    """Adds what its alarms tell, the strongest first."""
    if not raised:
        return report
    raised = sorted(raised, key=lambda one: -one.effect)
    changes = [one.change for one in raised]
    since = [change.since for change in changes if change.since is not None]
    return replace(
        report,
        alarm=True,
        causes=tuple(change.cause for change in changes),
        effect=raised[0].effect,
        direction=changes[0].direction,
        since=min(since, key=lambda moment: moment.step, default=None),
        moved=tuple(dict.fromkeys(name for change in changes for name in change.bins)),
        examples=tuple(dict.fromkeys(id_ for change in changes for id_ in change.examples))[:5],
    )


def _bins(variable: Variable, counts: np.ndarray, rows: int, reference: np.ndarray) -> tuple[Bin, ...]:
    last = layout.FIRST + len(variable.counts)
    columns = [*range(layout.FIRST, last), layout.NULL]
    values, then = max(int(counts[layout.FIRST : last].sum()), 1), max(int(reference[layout.FIRST : last].sum()), 1)
    rows_then = variable.rows if variable.kind == "masked" else int(rows_of(reference))
    return tuple(
        Bin(
            index=bin_name(variable, column),
            label="null" if column == layout.NULL else variable.label(column - layout.FIRST),
            baseline=int(reference[column]) / (max(rows_then, 1) if column == layout.NULL else then),
            current=int(counts[column]) / (max(rows, 1) if column == layout.NULL else values),
            rows=int(counts[column]),
        )
        for column in columns
    )


def _violations(variable: Variable, totals: np.ndarray, rows: int, missing: bool) -> dict[str, int]:
    """Rows by type of violation; a null is one only where the constraints say so."""
    if missing:
        return {"missing": rows}
    found = {cause: int(totals[column]) for cause, column in layout.RARE.items()}
    expected, total = variable.constraints, max(int(rows_of(totals)), 1)
    complete = expected.completeness is None or 1 - found["null"] / total >= expected.completeness
    if complete and not expected.never_null:
        del found["null"]
    return {cause: count for cause, count in found.items() if count}


def _note(variable: Variable, values: int, needed: float) -> str | None:
    if variable.kind == "masked":
        return "masked: nulls only"
    if not variable.counts or not variable.values:
        return "no values in the baseline to compare with"
    if values < needed:
        enough = f"{needed:,.0f} are needed" if np.isfinite(needed) else "and those it is compared with as well"
        return f"{values:,} values are too few for scores: {enough}"
    return None


def _notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What holds for the whole report."""
    notes = []
    settings, reference = snapshot.settings, int(rows_of(snapshot.reference).max(initial=0))
    if settings.reference == "baseline" and reference < MIN_REFERENCE_ROWS:
        notes.append(f"the baseline has {reference:,} rows: below {MIN_REFERENCE_ROWS:,} there are scores and no alarm")
    elif reference < MIN_REFERENCE_ROWS:
        what = "window before" if settings.reference == "previous" else "same hour last week"
        notes.append(f"the {what} has {reference:,} rows: below {MIN_REFERENCE_ROWS:,} there is no alarm")
    if snapshot.undated:
        notes.append(
            f"{snapshot.undated:,} rows had no event time that can be used: they count as of the row before them"
        )
    if snapshot.late:
        notes.append(
            f"{snapshot.late:,} rows were left out, since they came more than {settings.lateness:g} s late: "
            "sort them by time, or allow for more lateness"
        )
    missing = {name.casefold(): name for name in snapshot.missing}
    notes += [
        f"{missing[name.casefold()]!r} of the baseline seems to be {name!r} of the rows"
        for name in snapshot.extra
        if name.casefold() in missing
    ]
    return tuple(notes)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

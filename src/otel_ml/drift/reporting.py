"""What a monitor knows, as a report for people: scores, alarms and their story, the strongest drift first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.alarms import Raised, bin_name
from otel_ml.drift.completeness import has_too_many_nulls
from otel_ml.drift.groups import groups_of
from otel_ml.drift.notes import notes_of
from otel_ml.drift.report import SCORES, Bin, Report, VariableReport, counted
from otel_ml.drift.scoring import Scorer
from otel_ml.drift.variables import OUTPUTS, Variable

if TYPE_CHECKING:
    from otel_ml.drift.snapshot import Snapshot


def report_of(snapshot: Snapshot) -> Report:
    """Writes the report of what a monitor knew at a moment."""
    variables = snapshot.baseline.variables
    raised: dict[int, list[Raised]] = {}
    for one in snapshot.alarms:
        raised.setdefault(one.change.variable, []).append(one)
    writer = _Writer(snapshot)
    reports = [_told(writer.write(index), raised.get(index, [])) for index in range(len(variables))]
    for index, number in groups_of(variables, raised, snapshot.sample).items():
        reports[index] = replace(reports[index], group=number)
    above = writer.above_noise()
    order = sorted(range(len(reports)), key=lambda at: (not reports[at].alarm, -reports[at].effect, -above[at], at))
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
        notes=notes_of(snapshot),
    )


class _Writer:
    """Writes what there is to say of variables without an alarm, from plain lists, which are quicker than arrays by item."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        scored = snapshot.scored
        scorer = scored.scorer or Scorer(snapshot.baseline.variables, scored.reference)
        self._found = scorer.scores(scored.window)
        self._scores = {name: _numbers(self._found.values[name]) for name in SCORES}
        self._noise = {name: _numbers(self._found.noise[name]) for name in SCORES}
        self._rows, self._needed = self._found.rows.tolist(), self._found.needed.tolist()
        self._window, self._reference = snapshot.scored.window.tolist(), snapshot.scored.reference.tolist()
        self._reference_rows = layout.rows_of(snapshot.scored.reference).tolist()
        self._totals, self._total_rows = snapshot.totals.tolist(), layout.rows_of(snapshot.totals).tolist()
        self._tolerance = _numbers(snapshot.tolerance.round(4))
        self._missing = frozenset(snapshot.missing)

    def above_noise(self) -> list[float]:
        """By how much the total variation of each variable is beyond what it reads with no drift."""
        distance, noise = self._found.values["total_variation"], self._found.noise["total_variation"]
        found: list[float] = np.nan_to_num(distance - noise, nan=-1.0).tolist()
        return found

    def write(self, index: int) -> VariableReport:
        """The report of one variable."""
        variable, rows = self._snapshot.baseline.variables[index], self._rows[index]
        return VariableReport(
            name=variable.name,
            subject=variable.subject,
            kind=variable.kind,
            rows=rows,
            null_ratio=self._window[index][layout.NULL] / rows if rows else None,
            baseline_null_ratio=variable.null_ratio if variable.rows else None,
            scores={name: values[index] for name, values in self._scores.items()},
            noise={name: values[index] for name, values in self._noise.items()},
            tolerance=self._tolerance[index],
            first_alarm=self._snapshot.first.get(index),
            bins=self._bins(variable, index),
            violations=self._violations(variable, index),
            note=_note(variable, sum(self._window[index][layout.FIRST :]), self._needed[index]),
        )

    def _bins(self, variable: Variable, index: int) -> tuple[Bin, ...]:
        now, then = self._window[index], self._reference[index]
        values, values_then = sum(now[layout.FIRST :]) or 1, sum(then[layout.FIRST :]) or 1
        names = self._snapshot.legend[index]
        found = [
            Bin(name, label, one_then / values_then, one_now / values, one_now)
            for (name, label), one_then, one_now in zip(names, then[layout.FIRST :], now[layout.FIRST :], strict=False)
        ]
        rows_then = self._reference_rows[index] or 1
        null, null_then = now[layout.NULL], then[layout.NULL]
        found.append(Bin("null", "null", null_then / rows_then, null / (self._rows[index] or 1), null))
        return tuple(found)

    def _violations(self, variable: Variable, index: int) -> dict[str, int]:
        """Rows by type of violation; a null is one only where the constraints say so."""
        if variable.name in self._missing:
            return {"missing": self._snapshot.rows}
        totals, expected = self._totals[index], variable.constraints
        found = {cause: totals[column] for cause, column in layout.RARE.items() if totals[column]}
        least = 0.0 if expected.completeness is None else expected.completeness
        if not expected.never_null and not has_too_many_nulls(found.get("null", 0), self._total_rows[index], least):
            found.pop("null", None)
        return found


def legend(variables: Sequence[Variable]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Index and label of the bins of each variable."""
    return tuple(
        tuple((bin_name(one, layout.FIRST + index), one.label(index)) for index in range(len(one.counts)))
        for one in variables
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


def _note(variable: Variable, values: int, needed: float) -> str | None:
    if variable.kind == "masked":
        return (
            "no value in the training data: nulls only" if variable.nulls == variable.rows > 0 else "masked: nulls only"
        )
    if not variable.counts or not variable.values:
        return "no values in the baseline to compare with"
    if values < needed:
        enough = f"{needed:,.0f} are needed" if np.isfinite(needed) else "and those it is compared with as well"
        return f"{counted(values, 'value is', 'values are')} too few for scores: {enough}"
    return None


def _numbers(values: np.ndarray) -> list[float | None]:
    return [value if value == value and abs(value) != np.inf else None for value in values.tolist()]

"""From a fitter to what a baseline says."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.errors import BaselineError
from otel_ml.drift.fitting.derived import Halves
from otel_ml.drift.fitting.describe import describe
from otel_ml.drift.fitting.kinds import infer
from otel_ml.drift.fitting.leaks import leaks
from otel_ml.drift.fitting.libraries import installed
from otel_ml.drift.fitting.screen import screen
from otel_ml.drift.fitting.suggest import suggest
from otel_ml.drift.report import counted
from otel_ml.drift.variables import Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.column import Column
    from otel_ml.drift.fitting.fitter import Fitter


_CALLER = 5
"""Frames from a warning to whoever called `Baseline.fit`."""

_NO_BLOCKS: Final[dict[str, Any]] = {"overdispersion": 1.0, "block_distance": 0.0}
"""Of rows whose order says nothing of time: a file sorted by the label would make its features look seasonal."""

_ALIKE: Final = 2.0
_APART: Final = 0.1
"""Overdispersion, or distance between blocks, from which on rows are clearly not in random order."""


def finish(fitter: Fitter) -> dict[str, Any]:
    """Arguments of a `Baseline` of all rows so far, but for its id.

    Raises:
        BaselineError: there are no rows, or most values of a column are not of its declared kind.
    """
    fitter.flush()
    if not fitter.rows:
        raise BaselineError("there are no rows to fit a baseline to")
    options, follows = fitter.options, fitter.timeline.follows()
    features = {name: _variable(column, name, "feature", fitter, follows) for name, column in fitter.features.items()}
    if not options.in_time:
        _warn_of_neighbours(list(features.values()))
        features = {name: replace(variable, **_NO_BLOCKS) for name, variable in features.items()}
    halves = Halves(fitter.sample, options.time is not None, options.in_time, options.bins)
    variables = _with_notes(list(features.values()), fitter, halves.table)
    for role, column in fitter.outputs.items():
        name = {"prediction": options.prediction, "score": options.score}.get(role)
        variable = replace(_variable(column, role, role, fitter, follows), source=name)
        variables.append(variable if options.in_time else replace(variable, **_NO_BLOCKS))
    shown = [variable for name, variable in features.items() if variable.name == name]  # not replaced for privacy
    for variable in shown:
        if variable.kind == "text":
            variables += [suggest(derived, None) for derived in halves.texts(variable)]
    projections = None
    if options.projections:
        projections, more = halves.project(shown)
        variables += [suggest(derived, None) for derived in more]
    _warn(variables, fitter.late)
    start, end = (None, None) if fitter.span is None else map(iso, fitter.span)
    return {
        "rows": fitter.rows,
        "variables": tuple(variables),
        "model": options.model,
        "version": options.version,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "start": start,
        "end": end,
        "libraries": installed(),
        "blocks": fitter.timeline.blocks if options.in_time else 0,
        "projections": projections,
    }


def iso(seconds: float) -> str | None:
    """Seconds since 1970 in ISO 8601, None beyond the years that have one."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return None


def _variable(column: Column, name: str, subject: Any, fitter: Fitter, follows: np.ndarray) -> Variable:
    kind = column.kind or infer(column, name, subject)
    variable = replace(describe(column, name, kind, fitter.options.bins, follows), subject=subject)
    if column.kind is not None and variable.counts and variable.wrong_type * 2 > variable.values:
        raise BaselineError(
            f"{name} is declared {kind}, but {variable.wrong_type:,} of its {variable.values:,} values are of another type: "
            "declare another kind, or convert them"
        )
    variable = suggest(variable, column)
    treatment = fitter.options.treatment
    return variable if treatment is None else screen(variable, name if subject == "feature" else None, treatment)


def _with_notes(variables: list[Variable], fitter: Fitter, table: dict[str, np.ndarray]) -> list[Variable]:
    """Adds what only a look at other columns or at the way they came can tell. Variables are in the order of the columns."""
    found = leaks(variables, list(fitter.features), fitter.options.target, table)
    named = zip(fitter.features, variables, strict=True)
    for index, (name, variable) in enumerate(list(named)):
        more = [found[name]] if name in found else []
        if name in fitter.late:
            more.append("not in every chunk: null where it was missing")
        if more:
            variables[index] = replace(variable, notes=(*variable.notes, *more))
    return variables


def _warn_of_neighbours(features: list[Variable]) -> None:
    """Tells of rows in an order that means something: if it is that of time, the alarm has to know."""
    lines = [variable for variable in features if variable.kind not in ("datetime", "identifier")]
    found = [one.name for one in lines if one.overdispersion >= _ALIKE or one.block_distance >= _APART]
    if found:
        warnings.warn(
            f"baseline: rows are sorted or grouped: neighbours are alike in {len(found)} of {counted(len(lines), 'column')}, "
            f"such as {found[0]!r}. If that is the order of time, name the column of times or say that rows are ordered: then "
            "the alarm allows for what goes up and down",
            stacklevel=_CALLER,
        )


def _warn(variables: list[Variable], late: set[str]) -> None:
    for variable in variables:
        if variable.wrong_type:
            be = "is" if variable.wrong_type == 1 else "are"
            message = f"{variable.wrong_type:,} of {counted(variable.values, 'value')} {be} not of kind {variable.kind}"
            warnings.warn(f"baseline: {variable.name}: {message}", stacklevel=_CALLER)
    if late:
        warnings.warn(
            f"baseline: {len(late)} columns were not in every chunk, such as {min(late)!r}", stacklevel=_CALLER
        )

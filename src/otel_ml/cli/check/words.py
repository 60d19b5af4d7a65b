"""What a report says in words, the same on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from otel_ml.cli.printable import count, percent, plural, printable
from otel_ml.drift.report import Bin, Moment, Report, VariableReport
from otel_ml.drift.variables import OTHER

NULL: Final = "null"
DISTRIBUTION: Final = "distribution"
_BINS: Final = 3
_NOTHING: Final = 0.002
_LABEL: Final = 40
_NAMES: Final = 8
_BY_DISTANCE: Final = ("mean_shift", "wasserstein")
_AT_THE_END: Final = 0.5  # more of the values than in the baseline
_DIRECTIONS: Final = {word: word for word in ("up", "down", "wider", "narrower")}
_EVENTS: Final = {
    DISTRIBUTION: "another distribution",
    NULL: "nulls",
    "type": "values of another type",
    "range": "values out of range",
    "unseen": "unseen values",
    "non_finite": "infinities",
}


def headline(report: Report) -> str:
    """How many variables drift, or that there are too few rows to tell.

    >>> headline(Report("9f2c41d07a3b", rows=10, steps=1, alarm=False, features=()))
    'nothing drifts'
    """
    alone, _ = combinations(report)
    groups = (
        (report.features, "feature", "features"),
        (report.predictions, "output", "outputs"),
        (alone, "combination of features", "combinations of features"),
    )
    parts = []
    for variables, one, many in groups:
        drifting = sum(variable.alarm for variable in variables)
        if drifting:
            parts.append(f"{count(drifting)} of {count(len(variables))} {one if len(variables) == 1 else many}")
    if not parts:
        return "too few rows to tell" if verdict(report) == "open" else "nothing drifts"
    return f"{' and '.join(parts) if len(parts) < 3 else ', '.join(parts)} in alarm"


def verdict(report: Report) -> str:
    """``bad``, ``good``, or ``open``: where there are too few rows for any score, silence says nothing."""
    if report.alarm:
        return "bad"
    variables = (*report.features, *report.predictions, *report.multivariate)
    return "open" if too_few(variables) else "good"


def too_few(variables: Iterable[VariableReport]) -> bool:
    """Whether there are some that could have a distance, and none has the values that it takes."""
    found = [distance(one) for one in variables if len(histogram_bins(one)) > 1]
    return bool(found) and all(one is None for one in found)


def combinations(report: Report) -> tuple[list[VariableReport], int]:
    """Combinations of features that have a story of their own, and how many others drift along with a feature in alarm."""
    told = {one.group for one in (*report.features, *report.predictions) if one.alarm and one.group is not None}
    alone = [one for one in report.multivariate if not one.alarm or one.group not in told]
    return alone, len(report.multivariate) - len(alone)


def extent(report: Report) -> str:
    """How much was looked at."""
    steps = f" in {count(report.steps)} steps, the last of which is now," if report.steps > 1 else ""
    return f"{plural(report.rows, 'row')}{steps}"


def remarks(report: Report) -> list[str]:
    """What else a reader has to know of the whole."""
    found = [printable(note) for note in report.notes]
    quiet = [one for one in (*report.features, *report.predictions) if not one.alarm and one.name not in report.missing]
    if untold := [one for one in quiet if too_few([one])]:
        found.append(f"too few values for a distance, so that only large shifts are found: {_needs(untold)}")
    if report.missing:
        found.append(f"missing, so all null: {names(report.missing)}")
    if report.extra:
        found.append(f"not in the baseline, so not looked at: {names(report.extra)}")
    return found


def _needs(variables: Sequence[VariableReport]) -> str:
    told = names([one.name for one in variables])
    return f"{told} ({printable(variables[0].note)})" if variables[0].note else told


def histogram_bins(variable: VariableReport) -> list[Bin]:
    """The bins that values are in; nulls are told apart."""
    return [found for found in variable.bins if found.index != NULL]


def movement(variable: VariableReport) -> str:
    """What happened, the strongest first, and how far that went at least: the bound is of no other cause."""
    causes, less = variable.causes or (DISTRIBUTION,), variable.direction == "less_null"
    happened = [_EVENTS.get(cause, printable(cause, 20)) for cause in causes]
    if causes[0] == DISTRIBUTION:
        happened[0] = _DIRECTIONS.get(variable.direction or "", "changed")
    elif causes[0] == NULL and less:
        happened[0] = "fewer nulls"
    if variable.effect > 0:
        moved = " moved" if causes[0] == DISTRIBUTION else ""
        happened[0] += f": at least {percent(variable.effect)} of the rows{moved}"
    return "; also ".join([happened[0], " and ".join(happened[1:])]) if happened[1:] else happened[0]


def when(variable: VariableReport, steps: int) -> str:
    """Since when, and when the alarm was raised first; empty where there was only one step."""
    since, alarm = variable.since, variable.first_alarm
    if steps <= 1 or alarm is None:
        return ""
    first = f"first alarm at {moment(alarm)}"
    return first if since is None or since == alarm else f"since {moment(since)}, {first}"


def moment(found: Moment) -> str:
    """A place in the stream: its time, or its step and the rows up to its end.

    >>> moment(Moment(step=3, row=400, time="2013-07-01T06:00:00Z"))
    '2013-07-01 06:00'
    """
    if found.time is None:
        return f"step {found.step} (row {count(found.row)})"
    text = printable(found.time).removesuffix("Z").removesuffix("+00:00").replace("T", " ")
    return text.removesuffix(".000000").removesuffix(":00")


def moved(variable: VariableReport) -> list[str]:
    """The bins that moved most: what share they had, and have. The last window may look as before the alarm again."""
    by_index = {found.index: found for found in variable.bins}
    known = [by_index[index] for index in variable.moved if index in by_index]
    return [shift(found) for found in known if abs(found.current - found.baseline) >= _NOTHING][:_BINS]


def shift(found: Bin) -> str:
    """A bin's share then and now."""
    return f"{label(found)} {percent(found.baseline)} → {percent(found.current)}"


def label(found: Bin, width: int = _LABEL) -> str:
    """A bin in words."""
    return "others" if found.label == OTHER else printable(found.label, width)


def examples(variable: VariableReport, unit: str = "row") -> str:
    """Rows to look at; empty where there are none.

    Args:
        variable: whose they are.
        unit: ``row``, or the column of their ids.
    """
    known = ", ".join(printable(example, 60) for example in variable.examples)
    what = printable(unit, 40) + ("s" if unit == "row" and len(variable.examples) != 1 else "")
    return f"such as {what} {known}" if known else ""


def violations(variable: VariableReport) -> str:
    """Rows by type of violation; empty where there is none."""
    known = sorted(variable.violations.items(), key=lambda item: -item[1])
    return ", ".join(f"{printable(kind, 20)} {count(rows)}" for kind, rows in known if rows)


def companions(variable: VariableReport, all_of_them: Iterable[VariableReport]) -> list[str]:
    """Names of others that drift of the same cause."""
    if variable.group is None:
        return []
    return [other.name for other in all_of_them if other.group == variable.group and other is not variable]


def names(found: Sequence[str]) -> str:
    """The first of them."""
    more = len(found) - _NAMES
    return ", ".join(printable(name, _LABEL) for name in found[:_NAMES]) + (
        f" and {count(more)} more" if more > 0 else ""
    )


def distance(variable: VariableReport) -> float | None:
    """Total variation of the values of the last window; None where these are too few.

    Never what an alarm was raised at, which is a bound, of another window, and may be about nulls and the like.
    """
    return variable.scores.get("total_variation")


def statistic(variable: VariableReport, name: str) -> str:
    """A statistic of the last window, as a bound where values went to a bin that is open to the end.

    `mean_shift` and `wasserstein` take a value for the typical one of its bin, however far beyond it is.
    """
    value = variable.scores.get(name)
    bins = histogram_bins(variable)
    if value is None or name not in _BY_DISTANCE or len(bins) < 2:
        return score(value)
    ends = {"wasserstein": (bins[0], bins[-1])}.get(name, (bins[-1] if value > 0 else bins[0],))
    is_bound = any(end.current - end.baseline >= _AT_THE_END for end in ends)
    return f"{'≤' if value < 0 else '≥'} {score(value)}" if is_bound else score(value)


def score(value: float | None) -> str:
    """A statistic to two digits after the point; a dash where it does not apply."""
    return "-" if value is None else f"{value:.2f}" if value < 99.5 else f"{value:.3g}"

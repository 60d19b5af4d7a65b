"""What a monitor or a check found, as typed objects that know their JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

CHECK_SCHEMA: Final = "otel-ml.check/1"

SCORES: Final = (
    "psi",
    "jensen_shannon",
    "hellinger",
    "total_variation",
    "l_infinity",
    "kolmogorov_smirnov",
    "wasserstein",
    "chi_square",
    "mean_shift",
    "null_rate",
)
"""Every statistic, each a value of ``ml.drift.method``."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and what it is of, such as ``1 row`` and ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else f'{one}s' if many is None else many}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in a stream.

    Attributes:
        step: ordinal of the sub-window, from 0.
        row: rows before the end of that step.
        time: its start in ISO 8601 (UTC), or None where rows drive the steps.
    """

    step: int
    row: int
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin then and now.

    Attributes:
        index: two digits, ``null``, or ``other``: as ``ml.feature.bin`` has it.
        label: in words.
        baseline: share of the baseline's values, 0 to 1; of its rows for ``null``.
        current: share of the window's.
        rows: the window's values in it.
    """

    index: str
    label: str
    baseline: float
    current: float
    rows: int


@dataclass(frozen=True, slots=True)
class VariableReport:
    """One variable.

    Attributes:
        name: of the variable.
        subject: what it tells of.
        kind: how it is treated.
        rows: rows of the window, nulls included.
        null_ratio: share of nulls in it.
        baseline_null_ratio: share of nulls in the baseline.
        scores: by statistic; None where one does not apply or there are too few rows for it to mean anything.
        noise: what each would read with no drift, at this number of rows.
        tolerance: total variation (0 to 1) up to which a shift does not matter: the one that was set, or more where the training
            data are few, or go up and down themselves. None where there is no alarm about the distribution.
        alarm: whether it is in alarm, or for a file: whether it ever was.
        first_alarm: when it was raised first.
        bins: all of them, `null` last.
        violations: rows by ``ml.violation.type``, over the whole stream.
        causes: what is in alarm: ``distribution``, or a violation type.
        effect: lower bound of the total variation (0 to 1), beyond sampling noise, as the alarm was confirmed last.
        direction: up, down, wider, narrower, more_null, less_null, or mixed.
        since: when the drift began, as far as the look-back tells.
        moved: indexes of the bins that moved most, the largest first.
        examples: up to five ids of predictions in those bins.
        group: variables with the same number drift together, most likely of one cause.
        note: why there is no alarm, or what else a reader has to know.
    """

    name: str
    subject: str
    kind: str
    rows: int
    null_ratio: float | None
    baseline_null_ratio: float | None
    scores: dict[str, float | None]
    noise: dict[str, float | None]
    tolerance: float | None = None
    alarm: bool = False
    first_alarm: Moment | None = None
    bins: tuple[Bin, ...] = ()
    violations: dict[str, int] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    effect: float = 0.0
    direction: str | None = None
    since: Moment | None = None
    moved: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    group: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All variables of a model, the strongest drift first within each list.

    Attributes:
        baseline: its id.
        rows: rows seen so far.
        steps: sub-windows closed so far.
        alarm: whether any variable is in alarm.
        features: of subject feature.
        predictions: of subject prediction, score and entropy.
        multivariate: of subject multivariate.
        missing: features of the baseline that no row had.
        extra: features of the rows that the baseline does not know, capped.
        late: rows left out because they came too late.
        notes: what holds for the whole report, such as a reference too small for an alarm.
    """

    baseline: str
    rows: int
    steps: int
    alarm: bool
    features: tuple[VariableReport, ...]
    predictions: tuple[VariableReport, ...] = ()
    multivariate: tuple[VariableReport, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    late: int = 0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: ``docs/check.schema.json`` describes it."""
        return {"schema": CHECK_SCHEMA, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm was raised or has ended.

    Attributes:
        detected: True when it was raised, False when it ended.
        variable: index of the variable in the baseline.
        name: its name.
        subject: what it tells of.
        cause: ``distribution``, or a violation type.
        method: a value of ``ml.drift.method``: ``e_detector``, or the statistic of a fixed threshold.
        score: total variation of the window that raised or ended it; the share of rows, for a violation type.
        rows: rows of that window.
        moment: when.
        since: when the drift began.
        direction: as in `VariableReport`.
        bins: indexes of those that moved most.
        examples: up to five ids of predictions in them.
    """

    detected: bool
    variable: int
    name: str
    subject: str
    cause: str
    method: str
    score: float
    rows: int
    moment: Moment
    since: Moment | None = None
    direction: str | None = None
    bins: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

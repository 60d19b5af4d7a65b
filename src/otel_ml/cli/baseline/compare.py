"""What changed from one baseline to another, as a report whose alarms are the changes that matter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.cli.baseline.rebin import onto
from otel_ml.drift.report import SCORES, Bin, VariableReport
from otel_ml.drift.variables import Variable

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

_RARE: Final = 0.002
"""Change of the share of nulls, or share of new categories, that matters."""

_EXPECTED: Final = 10
"""So many rows of a category are expected where one that has none is said to be gone."""

_SIGMAS: Final = 3.0
_NOISE: Final = 2.0
_MOVED: Final = 3
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed.

    Attributes:
        variables: of both, those that changed most first.
        added: names that only the later one has.
        removed: names that only the earlier one has.
    """

    variables: tuple[VariableReport, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether anything changed that matters."""
        return bool(self.added or self.removed) or any(variable.alarm for variable in self.variables)


def compare(earlier: Baseline, later: Baseline, tolerance: float) -> Comparison:
    """Compare variables by name.

    Args:
        earlier: whose bins are used.
        later: whose counts are laid onto them.
        tolerance: total variation up to which a change does not matter.
    """
    before = {variable.name: variable for variable in earlier.variables}
    after = {variable.name: variable for variable in later.variables}
    if earlier.projections != later.projections:  # combinations of features are fitted to the data: they are others now
        before, after = _single(before), _single(after)
    common = [name for name in before if name in after]
    found = [_compared(before[name], after[name], tolerance) for name in common]
    found.sort(key=lambda report: (not report.alarm, -(report.scores["total_variation"] or 0.0)))
    return Comparison(
        tuple(found),
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
    )


def _single(variables: dict[str, Variable]) -> dict[str, Variable]:
    return {name: variable for name, variable in variables.items() if variable.subject != "multivariate"}


def _compared(then: Variable, now: Variable, tolerance: float) -> VariableReport:
    same_kind = then.kind == now.kind and bool(then.counts) and bool(now.counts)
    counts = onto(then, now) if same_kind else np.zeros(len(then.counts))
    scores = _scores(then, counts)
    noise = _noise(then, counts)
    distance = scores["total_variation"]
    changes = [*_changes(then, now), *_categories(then, now)]
    causes = []
    if distance is not None and distance > tolerance + _NOISE * (noise["total_variation"] or 0.0):
        causes.append("distribution")
    if _nulls_changed(then, now):
        causes.append("null")
    bins = tuple(_bins(then, now, counts))
    shift = scores["mean_shift"]
    return VariableReport(
        name=then.name,
        subject=then.subject,
        kind=now.kind,
        rows=now.rows,
        null_ratio=now.null_ratio,
        baseline_null_ratio=then.null_ratio,
        scores=scores,
        noise=noise,
        alarm=bool(causes) or any(matters for _, matters in changes),
        bins=bins,
        causes=tuple(causes),
        direction=None if shift is None or "distribution" not in causes else "up" if shift > 0 else "down",
        moved=_moved(bins) if causes else (),
        note="; ".join(text for text, _ in changes) or None,
    )


def _changes(then: Variable, now: Variable) -> Iterator[tuple[str, bool]]:
    """What is not a matter of degree, and whether it matters. What was suggested from the data may well change with it."""
    if then.kind != now.kind:
        yield f"kind: {then.kind} → {now.kind}", True
    for field in fields(then.constraints):
        was, is_now = getattr(then.constraints, field.name), getattr(now.constraints, field.name)
        if was != is_now and field.name in ("type", "non_negative", "never_null"):
            yield f"{field.name}: {was} → {is_now}", field.name == "type"


def _categories(then: Variable, now: Variable) -> Iterator[tuple[str, bool]]:
    """Categories that came and went, and whether one of them is frequent."""
    if then.kind != "categorical" or now.kind != "categorical":
        return
    for verb, some, others in (("new", now, then), ("gone", then, now)):
        if some.known is None or others.known is None:
            continue
        names = sorted({*some.categories, *some.known} - {*others.categories, *others.known})
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            counts = dict(zip(some.categories, some.counts, strict=False))
            shares = [counts.get(name, 0) / max(some.values, 1) for name in names]
            frequent = any(share > max(_RARE, _EXPECTED / max(others.values, 1)) for share in shares)
            yield f"{verb}: {', '.join(names[:_SHOWN])}{more}", frequent


def _nulls_changed(then: Variable, now: Variable) -> bool:
    if not then.rows or not now.rows:
        return False
    both = (then.nulls + now.nulls) / (then.rows + now.rows)
    noise = math.sqrt(both * (1 - both) * (1 / then.rows + 1 / now.rows))
    return abs(now.null_ratio - then.null_ratio) > max(_RARE, _SIGMAS * noise)


def _scores(then: Variable, counts: np.ndarray) -> dict[str, float | None]:
    from otel_ml.drift.statistics.distances import distances

    if not counts.sum():
        return dict.fromkeys(SCORES)
    reference = np.array([then.counts], dtype=np.float64)
    found = distances(
        counts[None],
        reference,
        mask=np.ones_like(reference, dtype=bool),
        ordered=np.array([then.ordered]),
        centers=np.array([then.centers or [0.0] * len(then.counts)]),
        std=np.array([math.nan if then.std is None else then.std]),
    )
    return {name: _number(found[name]) if name in found else None for name in SCORES}


def _noise(then: Variable, counts: np.ndarray) -> dict[str, float | None]:
    """Total variation of two samples of these sizes of one source, on average: from the normal approximation."""
    noise: dict[str, float | None] = dict.fromkeys(SCORES)
    if counts.sum() and then.values:
        shares = np.array(then.counts) / then.values
        spread = np.sqrt(shares * (1 - shares) * (1 / counts.sum() + 1 / then.values))
        noise["total_variation"] = float(spread.sum() / math.sqrt(2 * math.pi))
    return noise


def _bins(then: Variable, now: Variable, counts: np.ndarray) -> Iterator[Bin]:
    before = np.array(then.counts, dtype=float) / max(sum(then.counts), 1)
    after = counts / max(counts.sum(), 1)
    for index in range(len(then.counts)):
        label = then.label(index)
        yield Bin(f"{index:02d}", label, float(before[index]), float(after[index]), round(float(counts[index])))
    yield Bin("null", "null", then.null_ratio, now.null_ratio, now.nulls)


def _moved(bins: tuple[Bin, ...]) -> tuple[str, ...]:
    ranked = sorted(bins, key=lambda found: -abs(found.current - found.baseline))
    return tuple(found.index for found in ranked[:_MOVED] if found.current != found.baseline)


def _number(values: np.ndarray) -> float | None:
    value = float(np.ravel(values)[0])
    return value if math.isfinite(value) else None

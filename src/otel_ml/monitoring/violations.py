"""Values that broke what a baseline expects of its features."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_ml.drift.completeness import has_too_many_nulls
from otel_ml.drift.names import MAX_EXTRA
from otel_ml.monitoring.matching import EXTRA, Match, features_of
from otel_ml.semconv.attributes import MlViolationTypeValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.monitoring.counting import Rare
    from otel_ml.monitoring.intake import Lot
    from otel_ml.monitoring.origin import Origin

NULL: Final = MlViolationTypeValues.NULL.value

MAX_VIOLATIONS: Final = 1_000
"""Series of violations, `MAX_EXTRA` of them of names that the baseline does not know."""

OTHER_FEATURES: Final = "(other)"

ALLOWED: Final = 10
"""Nulls. A share of them is judged over as many rows as may have so many: of fewer rows it says little."""


class Violation(NamedTuple):
    """Values that broke what the baseline expects.

    Attributes:
        feature: its name in telemetry.
        kind: a value of ``ml.violation.type``.
        hits: how many.
        origin: of the first such row, None where it was not looked for.
    """

    feature: str
    kind: str
    hits: int
    origin: Origin | None


class Violations:
    """Those of one model's traffic.

    Args:
        baseline: that says what to expect.
        safe_names: of its variables in telemetry.
        named: of these, the features that have metric series of their own; the others share one for each kind.

    Attributes:
        counts: of violations so far, by feature and kind.
    """

    def __init__(self, baseline: Baseline, safe_names: Sequence[str], named: Container[str]) -> None:
        variables = baseline.variables
        self._named = named
        self._variables = variables
        self._safe_names = safe_names
        names = dict(zip((variable.name for variable in variables), safe_names, strict=True))
        self._safe_name = {feature: names[feature] for feature in features_of(baseline)}
        self._completeness = {
            index: variable.constraints.completeness
            for index, variable in enumerate(variables)
            if variable.name in self._safe_name
            and variable.constraints.completeness is not None
            and not variable.constraints.never_null
        }
        self.clear()

    def clear(self) -> None:
        """None so far."""
        self.counts: dict[tuple[str, str], int] = {}
        self._extra = 0
        self._unjudged: dict[int, Violation] = {}  # nulls of variables that may have some
        self._rows: dict[int, int] = {}  # that they are of

    def of(self, lot: Lot, rare: Iterable[Rare]) -> Iterator[Violation]:
        """What some rows have of them, which counts.

        Args:
            lot: the rows.
            rare: their rare events.
        """
        for violation in self._find(lot, rare):
            key = violation.feature, violation.kind
            if key not in self.counts and not self._has_room(violation):
                key = OTHER_FEATURES, violation.kind
            self.counts[key] = self.counts.get(key, 0) + violation.hits
            yield violation

    def _has_room(self, violation: Violation) -> bool:
        if violation.kind == EXTRA:
            self._extra += 1
            return self._extra <= MAX_EXTRA
        return violation.feature in self._named and len(self.counts) < MAX_VIOLATIONS

    def _find(self, lot: Lot, rare: Iterable[Rare]) -> Iterator[Violation]:
        nulls: dict[int, Origin] = {}
        for variable, kind, hits, rows in rare:
            origin = lot.origin(rows[0]) if rows else None
            if self._is_violation(lot.match, variable, kind):
                yield Violation(self._safe_names[variable], kind, hits, origin)
            elif kind == NULL and origin is not None:
                nulls[variable] = origin
        for variable, completeness in self._completeness.items():
            if self._variables[variable].name in lot.match.places:
                yield from self._judge(variable, completeness, lot, nulls.get(variable))
        first = lot.origin(0)
        for name, kind in lot.match.violations:
            feature = lot.match.safe_name(name) if isinstance(name, int) else self._safe_name[name]
            yield Violation(feature, kind, lot.counted.rows, first)
        if lot.match.unnamed:
            yield Violation(OTHER_FEATURES, EXTRA, lot.counted.rows * lot.match.unnamed, first)

    def _judge(self, variable: int, completeness: float, lot: Lot, origin: Origin | None) -> Iterator[Violation]:
        """Nulls of a feature that may have some, once there are enough rows to say that these are too many."""
        before = self._unjudged.pop(variable, None) or Violation(self._safe_names[variable], NULL, 0, None)
        rows = self._rows.pop(variable, 0) + lot.counted.rows
        found = before._replace(hits=before.hits + int(lot.counted.nulls[variable]), origin=before.origin or origin)
        few = completeness < 1 and rows * (1 - completeness) < ALLOWED
        if not few and has_too_many_nulls(found.hits, rows, completeness):
            yield found
        elif few or 1 - found.hits / rows < completeness:  # chance may explain so many, of so few rows
            self._unjudged[variable], self._rows[variable] = found, rows

    def _is_violation(self, match: Match, variable: int, kind: str) -> bool:
        """Whether a rare event is one. Nulls are where none are allowed; a feature that is missing is said to be just that."""
        expected = self._variables[variable]
        if kind != NULL:
            return expected.subject == "feature" and expected.source is None
        return expected.constraints.never_null and expected.name in match.places

"""Values that broke what a baseline expects of its features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_ml.monitoring.matching import EXTRA, Match, features_of
from otel_ml.semconv.attributes import MlViolationTypeValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.monitoring.counting import Rare
    from otel_ml.monitoring.intake import Lot
    from otel_ml.monitoring.origin import Origin

NULL: Final = MlViolationTypeValues.NULL.value

MAX_VIOLATIONS: Final = 1_000
"""Series of violations: names that the baseline does not know may be other ones in every row."""

OTHER_FEATURES: Final = "(other)"


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

    Attributes:
        counts: of violations so far, by feature and kind.
    """

    def __init__(self, baseline: Baseline, safe_names: Sequence[str]) -> None:
        variables = baseline.variables
        self._variables = variables
        self._safe_names = safe_names
        names = dict(zip((variable.name for variable in variables), safe_names, strict=True))
        self._safe_name = {feature: names[feature] for feature in features_of(baseline)}
        self.clear()

    def clear(self) -> None:
        """None so far."""
        self.counts: dict[tuple[str, str], int] = {}

    def of(self, lot: Lot, rare: Iterable[Rare]) -> Iterator[Violation]:
        """What some rows have of them, which counts.

        Args:
            lot: the rows.
            rare: their rare events.
        """
        for violation in self._find(lot, rare):
            key = violation.feature, violation.kind
            if key not in self.counts and len(self.counts) >= MAX_VIOLATIONS:
                key = OTHER_FEATURES, violation.kind
            self.counts[key] = self.counts.get(key, 0) + violation.hits
            yield violation

    def _find(self, lot: Lot, rare: Iterable[Rare]) -> Iterator[Violation]:
        for variable, kind, hits, rows in rare:
            if self._is_violation(lot.match, variable, kind):
                yield Violation(self._safe_names[variable], kind, hits, lot.origin(rows[0]) if rows else None)
        first = lot.origin(0)
        for name, kind in lot.match.violations:
            feature = lot.match.safe_name(name) if isinstance(name, int) else self._safe_name[name]
            yield Violation(feature, kind, lot.counted.rows, first)
        if lot.match.unnamed:
            yield Violation(OTHER_FEATURES, EXTRA, lot.counted.rows * lot.match.unnamed, first)

    def _is_violation(self, match: Match, variable: int, kind: str) -> bool:
        """Whether a rare event is one. Nulls are where none are allowed; a feature that is missing is said to be just that."""
        expected = self._variables[variable]
        if kind != NULL:
            return expected.subject == "feature" and expected.source is None
        return expected.constraints.never_null and expected.name in match.places

"""The privacy policy between rows and bins: what the fit did to a value is done to it here, too."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.labels import category_of, is_null
from otel_ml.drift.counts.rows import object_column
from otel_ml.drift.fitting.treatment import treated

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.fitting.treatment import Treatment
    from otel_ml.drift.variables import Variable
    from otel_ml.monitoring.matching import Match

MAX_REMEMBERED: Final = 4_096
_REPLACED: Final = re.compile(r"\[masked\]|[0-9a-f]{16}")
"""Labels that stand for others in a baseline: of categories that look like secrets."""

_logger = logging.getLogger(__name__)


class Treated:
    """Values as the baseline has them.

    Args:
        baseline: of the model.
        policy: of the service, which should be that of the fit.
        warn: told, once, of what the policy does otherwise.

    Attributes:
        hidden: indexes of variables whose values the policy does not let out, though the baseline has bins for them.
    """

    def __init__(self, baseline: Baseline, policy: Treatment, warn: Callable[[str], object] = _logger.warning) -> None:
        self._policy = policy
        self._features = {
            variable.name
            for variable in baseline.variables
            if variable.subject == "feature" and variable.source is None and self._is_changed(variable)
        }
        self._known: dict[tuple[str, str], str] = {}
        self.hidden = _hidden(baseline, policy)
        if self.hidden:
            warn(
                f"the privacy policy masks features that the baseline has values of ({len(self.hidden)} variables): "
                "only nulls are counted"
            )
        features = [v for v in baseline.variables if v.subject == "feature" and v.source is None and v.kind != "masked"]
        if said := policy.differences(baseline.treated, [variable.name for variable in features]):
            warn(said)

    def is_changed(self, feature: str) -> bool:
        """Whether the values of a feature are replaced."""
        return feature in self._features

    def changes(self, match: Match) -> bool:
        """Whether values of a row are replaced."""
        return any(feature in self._features for feature in match.places)

    def rows(self, match: Match, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Rows with their values replaced, where any has to be. The rows that are given stay as they are."""
        places = [(place, feature) for feature, place in match.places.items() if feature in self._features]
        if not places:
            return rows
        copies = [list(row) for row in rows]
        for place, feature in places:
            column = self.column(feature, object_column([row[place] for row in copies]))
            for row, value in zip(copies, column.tolist(), strict=True):
                row[place] = value
        return copies

    def column(self, feature: str, column: np.ndarray) -> np.ndarray:
        """The same for one feature."""
        if feature not in self._features:
            return column
        if self._policy.action(feature) in ("hash", "round"):
            return treated(column, feature, self._policy)
        return object_column([None if is_null(value) else self._label(feature, value) for value in column.tolist()])

    def _is_changed(self, variable: Variable) -> bool:
        if self._policy.action(variable.name) in ("hash", "round"):
            return True
        labels = (*variable.categories, *(variable.known or ())) if variable.kind == "categorical" else ()
        return any(map(_REPLACED.fullmatch, labels))

    def _label(self, feature: str, value: object) -> str:
        text = category_of(value)
        found = self._known.get((feature, text))
        if found is None:
            found = self._policy.category(feature, text)
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[feature, text] = found
        return found


def _hidden(baseline: Baseline, policy: Treatment) -> frozenset[int]:
    def is_hidden(name: str) -> bool:
        return policy.action(name) in ("mask", "drop")

    in_projections = baseline.projections is not None and any(map(is_hidden, baseline.projections.features))

    def is_variable_hidden(variable: Variable) -> bool:
        if variable.subject == "multivariate":
            return in_projections
        return (
            variable.subject == "feature" and variable.kind != "masked" and is_hidden(variable.source or variable.name)
        )

    return frozenset(index for index, variable in enumerate(baseline.variables) if is_variable_hidden(variable))

"""What a process has counted over the bins of a baseline, and the metric series it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from otel_ml.drift import layout
from otel_ml.drift.alarms import bin_name
from otel_ml.drift.variables import OUTPUTS
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlFeatureBinValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.variables import Variable
    from otel_ml.monitoring.budget import Budget
    from otel_ml.monitoring.counting import Counted

Series = Mapping[str, str | int]
VALUE = MlFeatureBinValues.VALUE.value
OTHER = MlFeatureBinValues.OTHER.value
NULL = MlFeatureBinValues.NULL.value


class Tally:
    """Counts of one model and baseline since the process began.

    Every series is there from the start, at zero: a rate over one that begins with its first value would miss that value.
    Features get bins in the baseline's order as long as the budget lasts, so that all replicas have the same ones, and
    otherwise just nulls and values.

    Args:
        baseline: whose bins are counted.
        attributes: of all series.
        safe_names: of the variables in telemetry.
        hidden: indexes of those whose values the policy does not let out, not even as bins.
        budget: of series.

    Attributes:
        named: features that have series of their own, by their names in telemetry.
    """

    def __init__(
        self,
        baseline: Baseline,
        attributes: Series,
        safe_names: tuple[str, ...],
        hidden: frozenset[int],
        budget: Budget,
    ) -> None:
        variables = baseline.variables
        self.rows = 0
        self.nulls = np.zeros(len(variables), dtype=np.int64)
        self.counts = np.zeros((len(variables), layout.width(variables)), dtype=np.int64)
        self._features = _Points(self.counts)
        self._outputs = _Points(self.counts)
        self.named: set[str] = set()
        self._plain: list[tuple[int, Series, Series]] = []
        # Features first, then what was derived from one of them: where the budget ends, the latter go without.
        for index in sorted(range(len(variables)), key=lambda index: variables[index].source is not None):
            variable = variables[index]
            if variable.subject in OUTPUTS:
                named = {**attributes, names.ML_DRIFT_SUBJECT: variable.subject}
                self._outputs.add(index, variable, named, names.ML_PREDICTION_BIN)
                continue
            if variable.subject != "feature":
                continue
            named = {**attributes, names.ML_FEATURE_NAME: safe_names[index]}
            if variable.source is None:
                if not budget.take_feature():
                    continue
                self.named.add(safe_names[index])
            has_values = variable.kind != "masked" and index not in hidden
            if has_values and budget.take_bins(len(variable.counts) + 2):
                self._features.add(index, variable, named, names.ML_FEATURE_BIN)
            elif variable.source is None:
                value, null = ({**named, names.ML_FEATURE_BIN: name} for name in (VALUE, NULL))
                self._plain.append((index, value, null))

    def add(self, counted: Counted) -> None:
        """Add what some rows came to."""
        self.rows += counted.rows
        self.counts += counted.counts
        self.nulls += counted.nulls

    def reset(self) -> None:
        """Back to zero: in a forked child, which would report its parent's once more."""
        self.rows = 0
        self.counts[:] = 0
        self.nulls[:] = 0

    def features(self) -> Iterator[tuple[Series, int]]:
        """Points of ``ml.feature.observations``."""
        yield from self._features
        for index, value, null in self._plain:
            nulls = int(self.nulls[index])
            yield value, self.rows - nulls
            yield null, nulls

    def outputs(self) -> Iterator[tuple[Series, int]]:
        """Points of ``ml.prediction.observations``."""
        yield from self._outputs


class _Points:
    """Series, and the cells of the count matrix that they read."""

    def __init__(self, counts: np.ndarray) -> None:
        self._counts = counts
        self._series: list[Series] = []
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._with_type: list[bool] = []

    def add(self, index: int, variable: Variable, attributes: Series, key: str) -> None:
        """One for each bin, one for nulls, and one for what is in no bin: values of another type, and other categories."""
        columns = [*range(layout.FIRST, layout.FIRST + len(variable.counts)), layout.NULL]
        columns += [layout.TYPE] if variable.ordered or variable.shared else []
        for column in columns:
            name = bin_name(variable, column)
            self._series.append({**attributes, key: name})
            self._rows.append(index)
            self._columns.append(column)
            self._with_type.append(column >= layout.FIRST and name == OTHER)

    def __iter__(self) -> Iterator[tuple[Series, int]]:
        if not self._series:
            return iter(())
        found = self._counts[self._rows, self._columns]
        found += np.where(self._with_type, self._counts[self._rows, layout.TYPE], 0)
        return zip(self._series, found.tolist(), strict=True)

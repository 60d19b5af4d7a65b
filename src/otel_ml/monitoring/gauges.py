"""How things are, as metric series: what the worker that looks for drift has found last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from otel_ml.drift.variables import OUTPUTS
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlDriftMethodValues, MlDriftReaderValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.report import Report, VariableReport

Series = Mapping[str, str | int]


class Gauges:
    """Series of one model and baseline.

    Args:
        attributes: of all of them.
        baseline: of the model.
        safe_names: of its variables in telemetry.
        named: features that have series of their own, by these names.
        scores: statistics that have series.
        limits: statistics with a fixed limit, in place of the alarm on distributions; the first one stands for all of values.
    """

    def __init__(
        self,
        attributes: Series,
        baseline: Baseline,
        safe_names: Sequence[str],
        named: Collection[str],
        scores: Sequence[str],
        limits: Sequence[str],
    ) -> None:
        self._attributes = attributes
        self._created = _seconds(baseline.created)
        of_values = next((name for name in limits if name != NULL_RATE), E_DETECTOR)
        self._method_of = {"distribution": of_values, "null": NULL_RATE if NULL_RATE in limits else E_DETECTOR}
        self._methods = tuple(dict.fromkeys((*self._method_of.values(), E_DETECTOR)))
        self._scores = scores
        self._subjects: dict[tuple[str, str], Series] = {}
        for variable, name in zip(baseline.variables, safe_names, strict=True):
            if variable.subject == "feature" and name not in named and variable.source is None:
                continue
            found = {**attributes, names.ML_DRIFT_SUBJECT: variable.subject, names.ML_DRIFT_READER: READER}
            if variable.subject not in OUTPUTS:
                found[names.ML_FEATURE_NAME] = name
            self._subjects[variable.subject, variable.name] = found
        self.clear()

    def clear(self) -> None:
        """Nothing is known: another process is the one that looks."""
        self._report: Report | None = None

    def show(self, report: Report | None) -> None:
        """What is known now."""
        self._report = report

    def scores(self) -> Iterator[tuple[Series, float]]:
        """Points of ``ml.drift.score``."""
        for series, variable in self._variables():
            yield from self._known(series, variable.scores)

    def noise(self) -> Iterator[tuple[Series, float]]:
        """Points of ``ml.drift.noise``."""
        for series, variable in self._variables():
            yield from self._known(series, variable.noise)

    def alarms(self) -> Iterator[tuple[Series, int]]:
        """Points of ``ml.drift.alarm``."""
        for series, variable in self._variables():
            raised = self._raised(variable)
            for method in self._methods:
                yield {**series, names.ML_DRIFT_METHOD: method}, int(method in raised)

    def features(self) -> Iterator[tuple[Series, int]]:
        """Points of ``ml.drift.features``."""
        if self._report is not None:
            raised = [self._raised(variable) for variable in self._report.features]
            for method in self._methods:
                found = {names.ML_DRIFT_METHOD: method, names.ML_DRIFT_READER: READER}
                yield {**self._attributes, **found}, sum(method in one for one in raised)

    def age(self, now: float) -> Iterator[tuple[Series, float]]:
        """Points of ``ml.model.age``; `now` in seconds since 1970."""
        if self._created is not None:
            yield self._attributes, max(0.0, now - self._created)

    def _variables(self) -> Iterator[tuple[Series, VariableReport]]:
        if self._report is not None:
            for variable in (*self._report.features, *self._report.predictions, *self._report.multivariate):
                series = self._subjects.get((variable.subject, variable.name))
                if series is not None:
                    yield series, variable

    def _raised(self, variable: VariableReport) -> set[str]:
        """Methods by which a variable is in alarm; rare events have theirs beside fixed limits."""
        return {self._method_of.get(cause, E_DETECTOR) for cause in variable.causes}

    def _known(self, series: Series, values: Mapping[str, float | None]) -> Iterator[tuple[Series, float]]:
        for method in self._scores:
            value = values.get(method)
            if value is not None:
                yield {**series, names.ML_DRIFT_METHOD: method}, value


E_DETECTOR = MlDriftMethodValues.E_DETECTOR.value
NULL_RATE = MlDriftMethodValues.NULL_RATE.value
READER = MlDriftReaderValues.PROCESS.value


def _seconds(created: str | None) -> float | None:
    if created is None:
        return None
    try:
        found = datetime.fromisoformat(created.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)).timestamp()

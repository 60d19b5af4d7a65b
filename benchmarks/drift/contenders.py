"""Who looks for drift, step by step, at equal data."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any, Final, Protocol

import numpy as np

from benchmarks.drift.drifts import Columns
from benchmarks.drift.stream import Window
from otel_ml.drift import layout
from otel_ml.drift.baseline import Baseline
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.report import Moment
from otel_ml.drift.settings import Settings
from otel_ml.drift.statistics.distances import distances


class Contender(Protocol):
    """Somebody who is shown the training data, and then one step after another.

    Attributes:
        name: in words.
    """

    name: str

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Look at the training data, and forget what was before."""

    def step(self, columns: Columns) -> set[str]:
        """Names of what is in alarm now."""


class OtelMl:
    """Our alarm, at one false alarm a week for all features together."""

    def __init__(self) -> None:
        self.name = "otel-ml"

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Fit a baseline."""
        self._baseline = Baseline.fit(training)
        self._binner = Binner(self._baseline)
        self._reference = layout.reference(self._baseline.variables)
        self._window = Window(self._reference.shape, 64)
        self._detector = Detector(self._baseline.variables, Settings(rows_per_step=rows_per_step))
        self._steps = 0

    def step(self, columns: Columns) -> set[str]:
        """Count, and look."""
        counts = np.zeros(self._reference.shape, dtype=np.int64)
        self._binner.count(columns, len(next(iter(columns.values()))), counts)
        self._window.add(counts)
        self._detector.step(self._window.sums(), self._reference, Moment(self._steps, 0))
        self._steps += 1
        return {self._baseline.variables[alarm.variable].name for alarm, _ in self._detector.standing}


class FixedPsi:
    """A population stability index over a limit, of each step against the baseline's bins."""

    def __init__(self, limit: float) -> None:
        self.name, self._limit = f"PSI > {limit:g}", limit

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Fit the same bins as ours."""
        self._baseline = Baseline.fit(training, projections=False)
        self._binner = Binner(self._baseline)
        self._reference = layout.reference(self._baseline.variables)[:, layout.FIRST :]
        self._mask = layout.bins(self._baseline.variables)[:, layout.FIRST :]

    def step(self, columns: Columns) -> set[str]:
        """Compare."""
        counts = np.zeros((len(self._mask), layout.FIRST + self._mask.shape[1]), dtype=np.int64)
        self._binner.count(columns, len(next(iter(columns.values()))), counts)
        none = np.full(self._mask.shape, np.nan)
        found = distances(
            counts[:, layout.FIRST :],
            self._reference,
            mask=self._mask,
            ordered=np.zeros(len(none), dtype=bool),
            centers=none,
            std=none[:, 0],
        )["psi"]
        return {one.name for one, psi in zip(self._baseline.variables, found, strict=True) if psi > self._limit}


class KolmogorovSmirnov:
    """A two-sample test of each step at 5%, divided by the number of features; chi-square for categories."""

    def __init__(self) -> None:
        self.name = "KS, Bonferroni"

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Keep the training data."""
        self._training = training

    def step(self, columns: Columns) -> set[str]:
        """Test."""
        level = 0.05 / len(columns)
        return {name for name, values in columns.items() if _p_value(self._training[name], values) < level}


def _p_value(training: np.ndarray, values: np.ndarray) -> float:
    from scipy.stats import chi2_contingency, ks_2samp

    if training.dtype == object:
        names, codes = np.unique(np.concatenate([training, values]).astype(str), return_inverse=True)
        counts = [np.bincount(part, minlength=len(names)) for part in (codes[: len(training)], codes[len(training) :])]
        return float(chi2_contingency(np.array(counts)).pvalue)
    return float(ks_2samp(training[~np.isnan(training)], values[~np.isnan(values)], method="asymp").pvalue)


class RiverAdwin:
    """river's ADWIN at its defaults, a detector a feature, value by value. Of nulls it is shown whether a value is one."""

    def __init__(self) -> None:
        self._adwin: Any = import_module("river.drift").ADWIN
        self.name = f"river {version('river')}, ADWIN"

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Show it the training data."""
        self._nulls = any(values.dtype != object and bool(np.isnan(values).any()) for values in training.values())
        self._detectors = {name: self._adwin() for name in training}
        self.step(training)

    def step(self, columns: Columns) -> set[str]:
        """Update."""
        found = set()
        for name, values in columns.items():
            if values.dtype == object:
                continue  # it takes numbers only
            detector = self._detectors[name]
            shown = np.isnan(values).astype(float) if self._nulls else values
            for value in shown.tolist():
                detector.update(value)
                if detector.drift_detected:
                    found.add(name)
        return found


class Evidently:
    """evidently's defaults on each step: the test and the limit that its preset chooses for a column, without the report."""

    def __init__(self) -> None:
        self._choose: Any = import_module("evidently.legacy.calculations.stattests").get_stattest
        self.name = f"evidently {version('evidently')}"

    def fit(self, training: Columns, rows_per_step: int) -> None:
        """Keep the training data."""
        self._training = training

    def step(self, columns: Columns) -> set[str]:
        """Test."""
        return {name for name, values in columns.items() if self._drifted(self._training[name], values)}

    def _drifted(self, training: np.ndarray, values: np.ndarray) -> bool:
        import pandas as pd

        kind = "cat" if values.dtype == object else "num"
        reference, current = pd.Series(training).dropna(), pd.Series(values).dropna()
        test = self._choose(reference, current, kind, None)
        return bool(test(reference, current, kind, None).drifted)


def contenders() -> list[Contender]:
    """Those that are installed."""
    found: list[Contender] = [OtelMl(), FixedPsi(0.2), FixedPsi(0.1), KolmogorovSmirnov()]
    for peer in PEERS:
        try:
            found.append(peer())
        except ImportError as error:
            print(f"{peer.__name__} is not installed and is left out: {error}")
    return found


PEERS: Final = (RiverAdwin, Evidently)

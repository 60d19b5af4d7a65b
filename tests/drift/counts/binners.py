"""Small baselines, binned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.variables import Variable

EDGES = (-5e-324, 0.0, 5e-324, 1.0, 2.5, float(np.float32(3.1)), 2.0**53, 1e308)


def number(name: str = "x", edges: Iterable[float] = EDGES, **changes: Any) -> Variable:
    ends = tuple(edges)
    return Variable(name, edges=ends, counts=(1,) * (len(ends) + 1), **changes)


def binner(*variables: Variable, **changes: Any) -> Binner:
    return Binner(Baseline("", 0, variables, **changes))


def counts(target: Binner, columns: Mapping[str, Any], rows: int, **outputs: Any) -> np.ndarray:
    into = np.zeros(target.shape, dtype=np.int64)
    target.count(columns, rows, into, **outputs)
    return into


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column

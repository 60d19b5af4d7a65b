"""The real model that the tests of services ask."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

ROW = [[1.0, 2.0, 3.0]]
"""One row, which stays."""


@cache
def classifier() -> Any:
    """A fitted classifier of three features that has no names for them."""
    features = np.random.default_rng(0).normal(size=(200, 3))
    return LogisticRegression().fit(features, np.where(features[:, 0] > 0, "stays", "leaves"))

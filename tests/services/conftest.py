from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

ROW = [[1.0, 2.0, 3.0]]


@pytest.fixture(scope="session")
def model() -> Any:
    """A fitted classifier of three features, named by nothing but its class."""
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 3))
    return LogisticRegression().fit(features, np.where(features[:, 0] > 0, "stays", "leaves"))

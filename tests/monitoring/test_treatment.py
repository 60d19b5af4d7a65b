"""What the service does to values otherwise than the fit did is said when it begins, since no count would ever match."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otel_ml import Baseline, Config
from otel_ml.monitoring.treatment import Treated
from otel_ml.privacy.treatment import Treatment

CONFIG = Config(feature_actions={"plan": "hash"}, hash_key="0123456789abcdef")
BASELINE = Baseline.fit({"plan": ["basic", "pro"] * 1_500, "age": np.arange(3_000.0)}, config=CONFIG)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, []),
        ({"hash_key": "another key, as long"}, ["'plan' was hashed with another key"]),
        ({"feature_actions": {}}, ["'plan' was hashed and is kept as it is now"]),
        ({"feature_deny": ("plan",)}, ["only nulls are counted"]),
    ],
)
def test_another_policy_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, options: dict[str, object], says: list[str]
) -> None:
    Treated(BASELINE, Treatment(replace(CONFIG, **options)))  # type: ignore[arg-type]  # options of any type
    assert len(caplog.messages) == len(says)
    assert all(part in message for part, message in zip(says, caplog.messages, strict=True))

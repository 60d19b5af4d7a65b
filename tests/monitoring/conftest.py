from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_ml
from otel_ml.drift import Baseline
from otel_ml.monitoring import matching
from tests.monitoring import examples


class Model:
    """A model of one's own: predictions name it in code."""


@pytest.fixture(autouse=True)
def lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log tells few schemas a minute: what other tests have said must not keep this one's from it."""
    monkeypatch.setattr(matching, "_lines", deque(maxlen=matching.MAX_LINES))


@pytest.fixture
def watched(instrument: Callable[..., None], tmp_path: Path) -> Callable[..., Model]:
    """Switch otel-ml on, and register a model with a baseline: ``watched(drift="counts")``."""
    models: list[Model] = []

    def switch_on(baseline: Baseline | None = None, version: str = "3", **options: Any) -> Model:
        instrument(**{"drift_directory": str(tmp_path / "drift"), **options})
        models.append(Model())
        otel_ml.register_model(models[-1], "churn", version=version, baseline=baseline or examples.baseline())
        return models[-1]

    return switch_on

from __future__ import annotations

from typing import Any

import pytest

from tests.services.classifier import classifier


@pytest.fixture(scope="session")
def model() -> Any:
    return classifier()

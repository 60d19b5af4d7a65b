"""The room's public names, each loaded when it is first asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import otel_ml.drift
from tests.support.wait import PATIENCE


@pytest.mark.parametrize("name", otel_ml.drift.__all__)
def test_what_is_exported_is_there(name: str) -> None:
    assert getattr(otel_ml.drift, name).__name__ == name
    assert getattr(otel_ml.drift, name).__doc__


def test_what_is_not_exported_is_said() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        otel_ml.drift.nothing  # noqa: B018


def test_the_room_needs_no_numpy_before_it_is_used_and_no_opentelemetry_at_all() -> None:
    program = """if True:
        import json, sys
        import otel_ml.drift
        before = "numpy" in sys.modules
        from otel_ml.drift import Baseline, Monitor
        baseline = Baseline.fit({"x": list(range(3000))})
        monitor = Monitor(baseline)
        print(json.dumps([before, sorted({name.partition(".")[0] for name in sys.modules})]))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=2 * PATIENCE, check=True
    )
    before, modules = json.loads(done.stdout)
    assert not before
    assert not {"opentelemetry", "scipy", "pandas", "narwhals", "pyarrow"} & set(modules)

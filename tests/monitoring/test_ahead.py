"""Nothing is imported on a thread of ours: a fork at that moment would leave the child without the module for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, threading, time
import otel_ml
from tests.monitoring import examples
otel_ml.instrument(drift_directory=sys.argv[1])

@otel_ml.observe(name="churn")
def score(row):
    return {"label": "stays", "score": 0.9}

rows = [{"age": 41.0, "plan": "basic", "email": None}] * 100
score(rows[0])
score(rows)
otel_ml.flush()
otel_ml.register_model(score, "churn", baseline=examples.baseline())
before = set(sys.modules)
score(rows[0])
score(rows)
deadline = time.monotonic() + 60
while otel_ml.drift_report("churn").rows < 101 and time.monotonic() < deadline:
    time.sleep(0.1)
otel_ml.uninstrument()
print(sorted(set(sys.modules) - before))
"""


def test_the_monitor_imports_nothing_when_it_begins_to_work(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    env = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr

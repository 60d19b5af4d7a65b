"""That the benchmarks run, and measure whom they should. What they measure is no matter of tests: machines differ."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import COMPARISONS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(900)

FIRST_CELLS = {
    "calls": {"bare model", "by hand", "by hand, 1 null counter a feature", "otel-ml"},
    "growth": {"3", "30", "300", "1", "100", "10,000", "numpy array", "pandas frame", "dict"},
    "memory": {"1", "100"},
    "pauses": {"nothing runs", "by hand", "otel-ml", "otel-ml, exporters that do nothing"},
    "web": {"FastAPI alone", "contrib's instrumentor", "by hand", "otel-ml"},
    "peers": {"bare model", "by hand", "otel-ml"},
    "drift_counts": {"30 features, float32, row by row", "1", "16", "64", "256", "category as number", "datetime64"},
    "drift_calls": {"1", "100", "one after the other", "200 a second"},
    "drift_evaluation": {"30"},
    "drift_files": {"one array", "two halves, merged", "one window", "steps of 10,000 rows"},
    "drift_peers": {"otel-ml, nine statistics with their noise, and the alarm", "otel-ml, ADWIN"},
}


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--quick", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=840, check=False)


@cache
def report(name: str) -> Any:
    done = benchmarks("--only", name, "--output", "json")
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["reports"]
    return found


def rows(name: str) -> set[str]:
    return {row[0] for table in report(name)["tables"] for row in table["rows"]}


@pytest.mark.parametrize("name", COMPARISONS)
def test_each_comparison_measures_everyone_it_should(name: str) -> None:
    assert rows(name) >= FIRST_CELLS[name]
    assert all(len(row) == len(table["columns"]) for table in report(name)["tables"] for row in table["rows"])


@pytest.mark.parametrize("peer", ["mlflow", "logfire", "whylogs"])
def test_a_peer_takes_part_or_is_named_with_the_reason_why_not(peer: str) -> None:
    skipped = any(reason.startswith(f"{peer}: ") for reason in report("peers")["skipped"])
    assert skipped != any(row.startswith(peer) for row in rows("peers"))


@pytest.mark.parametrize("peer", ["evidently", "nannyml", "frouros", "whylogs", "river"])
def test_a_peer_of_drift_takes_part_or_is_named_with_the_reason_why_not(peer: str) -> None:
    skipped = any(reason.startswith(f"{peer}: ") for reason in report("drift_peers")["skipped"])
    assert skipped != any(row.startswith(peer) for row in rows("drift_peers"))


def test_several_comparisons_run_in_processes_of_their_own_and_become_one_page() -> None:
    done = benchmarks("--only", "calls", "--only", "peers", "--markdown")
    assert done.returncode == 0, done.stderr
    for heading in ("## The machine", "## Aims and results", "### A model that does nothing", "## Published peers"):
        assert heading in done.stdout


def test_figures_of_a_part_or_of_tiny_counts_never_reach_the_page() -> None:
    done = benchmarks("--only", "memory", "--update")
    assert done.returncode == 2
    assert "--update" in done.stderr

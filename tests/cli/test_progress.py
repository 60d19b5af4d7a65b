"""The progress bar is for people who wait, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.drifting import fitted, save, table
from tests.cli.process import Terminal

IMPATIENT = "import otel_ml.cli.progress as progress; progress.PATIENCE = 0.0; from otel_ml.cli import main; main()"


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("progress")
    data = save(table(300_000), folder / "data.csv")
    return [sys.executable, "-c", IMPATIENT, "check", data, "--baseline", fitted(folder), "--fail-on", "none"]


def test_a_bar_tells_how_far_it_is_and_goes_away(command: list[str]) -> None:
    with Terminal(command=command) as terminal:
        assert terminal.end(120) == 0
        assert b"checking" in terminal.raw
        assert b"%" in terminal.raw
        assert "checking" not in terminal.screen()
        assert "300,000 rows against baseline" in terminal.screen()


def test_nothing_is_drawn_where_nobody_looks(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, timeout=240, check=True)
    assert done.stderr == b""
    assert b"checking" not in done.stdout


def test_short_files_need_none(command: list[str], tmp_path: Path) -> None:
    patient = [sys.executable, "-m", "otel_ml.cli", "check", save(table(100), tmp_path / "short.csv"), *command[5:]]
    with Terminal(command=patient) as terminal:
        assert terminal.end(120) == 0
        assert b"checking" not in terminal.raw

"""The script that builds the real backends: what it does with and without Go, and when two run at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.backends import BINARIES, CONFIGS
from tests.support.wait import PATIENCE, eventually

SCRIPT = CONFIGS / "backends" / "build.py"

# Stands in for the compiler, which takes a quarter of an hour: `go build … -o FILE package` writes a program that
# succeeds, and each build is noted.
GO = """#!/bin/sh
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
echo "$2" >> "$GO_NOTES"
while [ -n "$GO_WAITS_FOR" ] && [ ! -e "$GO_WAITS_FOR" ]; do sleep 0.05; done
[ -z "$GO_FAILS" ] || { echo "cannot find module $3"; exit 1; }
printf '#!/bin/sh\\n' > "$2" && chmod +x "$2"
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An empty cache and a PATH without any program, Go among them: the script needs no other where there is no Go."""
    return {
        "PATH": str(tmp_path / "empty"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GO_NOTES": str(tmp_path / "notes"),
    }


@pytest.fixture
def env_with_go(env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "go").write_text(GO)
    (tools / "go").chmod(0o755)
    return env | {"PATH": os.pathsep.join([str(tools), "/usr/bin", "/bin"])}


def start(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, SCRIPT, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def run(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    with start(env, *arguments) as process:
        output, _ = process.communicate(timeout=2 * PATIENCE)
    return process.returncode, output


def bin_directory(env: dict[str, str]) -> Path:
    return Path(run(env, "--print-bin")[1].strip())


def test_without_go_it_says_so_in_one_line_and_succeeds(env: dict[str, str]) -> None:
    status, output = run(env)
    assert (status, len(output.splitlines())) == (0, 1)
    assert "Go is not installed" in output


@pytest.mark.parametrize("how", ["--require", "CI"])
def test_without_go_it_fails_where_the_backends_are_required(env: dict[str, str], how: str) -> None:
    status, output = run(env | {"CI": "true"}) if how == "CI" else run(env, how)
    assert status == 1
    assert "Go is not installed" in output


def test_it_builds_every_binary_once(env_with_go: dict[str, str]) -> None:
    assert run(env_with_go)[0] == 0
    assert all((bin_directory(env_with_go) / name).exists() for name in BINARIES)

    builds = Path(env_with_go["GO_NOTES"]).read_text()
    assert run(env_with_go)[0] == 0
    assert Path(env_with_go["GO_NOTES"]).read_text() == builds


def test_two_runs_at_once_share_the_work(env_with_go: dict[str, str], tmp_path: Path) -> None:
    go_on, notes = tmp_path / "go-on", Path(env_with_go["GO_NOTES"])
    slow = env_with_go | {"GO_WAITS_FOR": str(go_on)}
    with start(slow) as first:
        try:
            eventually(notes.exists, what="the first run to build")
            with start(slow) as second:
                assert second.stdout is not None
                said = second.stdout.readline()
                go_on.touch()
                second.communicate(timeout=2 * PATIENCE)
        finally:
            go_on.touch()
        first.communicate(timeout=2 * PATIENCE)
    assert "another run is building" in said
    assert (first.returncode, second.returncode) == (0, 0)
    built = [Path(line).name for line in notes.read_text().splitlines()]
    assert sorted(built) == sorted(set(built))


def test_a_failed_build_shows_the_end_of_its_log_and_leaves_nothing_behind(env_with_go: dict[str, str]) -> None:
    status, output = run(env_with_go | {"GO_FAILS": "1"})
    assert status == 1
    assert "cannot find module" in output
    assert not bin_directory(env_with_go).exists()

    assert run(env_with_go)[0] == 0

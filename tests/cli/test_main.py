"""The command `otel-ml` itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from otel_ml.cli.group import COMMANDS
from otel_ml.version import __version__


def run(*arguments: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.argv = ['otel-ml', *sys.argv[1:]]\n{prelude}\nfrom otel_ml.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=240, check=False
    )


def test_the_installed_command_says_its_version() -> None:
    command = Path(sys.executable).with_name("otel-ml")
    found = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=240, check=True)
    assert found.stdout == f"otel-ml {__version__}\n"


def test_help_lists_the_commands_and_imports_none() -> None:
    show = "import atexit; atexit.register(lambda: print(sorted({m.partition('.')[0] for m in sys.modules})))"
    found = run("--help", prelude=show)
    assert found.returncode == 0
    assert all(name in found.stdout for name in COMMANDS)
    imported = found.stdout.splitlines()[-1]
    assert "'click'" in imported
    for heavy in ("rich", "grpc", "uvicorn", "numpy", "google"):
        assert f"'{heavy}'" not in imported


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name: str) -> None:
    found = run(name, "--help")
    assert found.returncode == 0
    assert "Usage: otel-ml" in found.stdout


def test_an_unknown_command_is_a_mistake_in_usage() -> None:
    found = run("tial")
    assert found.returncode == 2
    assert "No such command 'tial'" in found.stderr


@pytest.mark.parametrize("missing", ["click", "rich", "uvicorn", "starlette"])
def test_says_what_to_install_in_one_line(missing: str) -> None:
    found = run(
        "tail", "--duration", "1", "--grpc-port", "0", "--http-port", "0", prelude=f"sys.modules[{missing!r}] = None"
    )
    assert found.returncode == 2
    assert found.stderr == f"otel-ml: the command line needs {missing}: pip install 'otel-ml[tools]'\n"


def test_a_module_missing_for_another_reason_is_not_hidden() -> None:
    found = run("tail", "--duration", "1", prelude="sys.modules['google.protobuf'] = None")
    assert found.returncode == 1
    assert "google.protobuf" in found.stderr
    assert "pip install" not in found.stderr


def test_ctrl_c_before_a_command_has_begun_finds_nothing() -> None:
    prelude = "import otel_ml.cli.group as group\ndef stop(name): raise KeyboardInterrupt\ngroup.import_module = stop"
    found = run("check", prelude=prelude)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "otel-ml: interrupted\n")

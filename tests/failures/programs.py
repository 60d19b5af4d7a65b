"""Small programs in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

NO_EXPORTERS = dict.fromkeys(("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"), "none")


def run(
    folder: Path, source: str, env: Mapping[str, str] = NO_EXPORTERS, *, status: int = 0, timeout: float = 240
) -> str:
    """Runs a program to its end, and returns what it printed.

    Raises:
        AssertionError: It ended with another exit status. The message holds its standard error.
        subprocess.TimeoutExpired: It did not end in time.
    """
    path = folder / "program.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, **env},
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):  # children that hang, too: they hold the pipes open
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == status, f"exit status {process.returncode}\n{output}\n{errors}"
    return output

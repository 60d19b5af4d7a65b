"""The command `otel-ml`."""

from __future__ import annotations

import sys

_TOOLS = ("click", "pyarrow", "rich", "starlette", "uvicorn")


def main() -> None:
    """Runs the command line; says in one line what to install when the extra `tools` is missing."""
    try:
        from otel_ml.cli.group import cli

        cli(prog_name="otel-ml")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _TOOLS:
            raise
        sys.stderr.write(f"otel-ml: the command line needs {missing}: pip install 'otel-ml[tools]'\n")
        sys.exit(2)

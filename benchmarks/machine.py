"""The machine that figures were taken on."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-fastapi",
    "protobuf",
    "numpy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "fastapi",
    "uvicorn",
    "mlflow-tracing",
    "logfire",
    "whylogs",
)


def describe() -> list[tuple[str, str]]:
    """What it is and what is installed."""
    return [
        ("date", date.today().isoformat()),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("load at the start", ", ".join(f"{load:.1f}" for load in os.getloadavg())),
        ("system", f"{platform.system()}, {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        *((library, found) for library in LIBRARIES if (found := _version(library)) is not None),
    ]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None

"""Imports that would otherwise come when they are first needed, on a thread of ours.

A process that is forked while one of its threads imports a module can never import that module: the lock is held by a thread
that the child does not have. gunicorn forks its workers while a master that preloads the app is at work.
"""

from __future__ import annotations

import importlib
import zipfile as _zipfile  # noqa: F401 - for numpy's files
from contextlib import suppress
from typing import Final

PARTS: Final = (
    "char",
    "dtypes",
    "exceptions",
    "fft",
    "lib.format",
    "linalg",
    "ma",
    "polynomial",
    "random",
    "rec",
    "strings",
)
"""Of numpy, which brings them in when somebody asks for them; not every version has each."""

for _part in PARTS:
    with suppress(ImportError):
        importlib.import_module(f"numpy.{_part}")

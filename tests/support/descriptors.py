"""Descriptors of files, of which a process has only so many."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def open_below(folder: Path) -> int:
    """How many this process has of files below a folder, removed ones too. On Linux: others tell no names.

    All others are left out: servers of earlier tests, say, close theirs when they are collected.
    """
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that lists, or another thread's
            found += os.readlink(f"/proc/self/fd/{name}").startswith(f"{folder}{os.sep}")
    return found


@contextmanager
def run_out(left: int = 0) -> Iterator[None]:
    """So many more files can be opened, and no other one (EMFILE)."""
    first = os.dup(0)
    os.close(first)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first + left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

"""Descriptors of files, of which a process has only so many."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


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

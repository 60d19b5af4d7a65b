"""A processor of its own for server and client, where the system can do that."""

from __future__ import annotations

import os


def pin(cpu: int) -> None:
    """Run this process on one of the processors it may use."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[cpu % len(allowed)]})

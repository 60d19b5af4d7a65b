"""Which of several processes this is, when they share a ``service.instance.id``.

Metric series are told apart by that id. A fixed one in OTEL_RESOURCE_ATTRIBUTES (the Kubernetes Operator sets one a
container), and the resource that forked workers inherit, make the series of several processes overwrite one another: then
``ml.worker``, the smallest ordinal that is free on this machine, goes on every metric of ours.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, which has no fork either
    fcntl = None  # type: ignore[assignment]

MAX_WORKERS = 1024

_held: IO[bytes] | None = None  # the lock lives as long as the process, and goes with it however it ends


def is_shared(instance_id: object, resource_pid: int) -> bool:
    """Whether other processes may report under this instance id.

    Args:
        instance_id: ``service.instance.id`` of the meter provider's resource, None without one.
        resource_pid: the process in which that resource was made.
    """
    if instance_id is None or resource_pid != os.getpid():
        return True
    declared = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return any(pair.strip().startswith("service.instance.id=") for pair in declared.split(","))


def claim(instance_id: object) -> int:
    """The smallest ordinal that no other living process with this instance id has on this machine."""
    global _held
    if fcntl is None:
        return os.getpid()
    release()
    digest = hashlib.blake2s(str(instance_id).encode(), digest_size=8).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"otel-ml-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for ordinal in range(MAX_WORKERS):
        lock = (folder / f"worker-{digest}-{ordinal}").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held = lock
        return ordinal
    return os.getpid()


def release() -> None:
    """Give the ordinal back. A forked child must: the lock it inherited is its parent's."""
    global _held
    if _held is not None:
        _held.close()
        _held = None

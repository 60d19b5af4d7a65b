"""Which of several processes this is, when they share a ``service.instance.id``.

Metric series are told apart by that id. A fixed one in OTEL_RESOURCE_ATTRIBUTES (the Kubernetes Operator sets one a
container), and the resource that forked workers inherit, make the series of several processes overwrite one another: then
``ml.worker``, the smallest ordinal that is free on this machine, goes on every metric of ours.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile

try:
    import fcntl
except ImportError:  # Windows, which has no fork either
    fcntl = None  # type: ignore[assignment]

MAX_WORKERS = 1024

_held: int | None = None  # the lock lives as long as the process, and goes with it however it ends


def ordinal(instance_id: object, resource_pid: int) -> int | None:
    """What goes into ``ml.worker``; None where the instance id alone tells this process apart.

    An id that is set in code may be shared, too, which nobody can tell: then the first process on a machine has no
    ordinal, and every further one has.

    Args:
        instance_id: ``service.instance.id`` of the resource, None without one.
        resource_pid: the process in which that resource was made.
    """
    found = _claim(instance_id)
    return found if found or _is_shared(instance_id, resource_pid) else None


def release() -> None:
    """Give the ordinal back. A forked child must: the lock it inherited is its parent's."""
    global _held
    if _held is not None:
        os.close(_held)
        _held = None


def _is_shared(instance_id: object, resource_pid: int) -> bool:
    if instance_id is None or resource_pid != os.getpid():
        return True
    declared = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return any(pair.strip().startswith("service.instance.id=") for pair in declared.split(","))


def _claim(instance_id: object) -> int:
    """The smallest ordinal that no other living process with this instance id has on this machine."""
    global _held
    if fcntl is None:
        return os.getpid()
    release()
    digest = hashlib.blake2s(str(instance_id).encode("utf-8", "replace"), digest_size=8).hexdigest()
    folder = _folder()
    for number in range(MAX_WORKERS if folder is not None else 0):
        # A directory of ours, and still: no link is followed, nothing is emptied.
        lock = os.open(
            f"{folder}/worker-{digest}-{number}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        _held = lock
        return number
    return os.getpid()


def _folder() -> str | None:
    """A directory that only this user can write to, at a place that all processes of the user know."""
    path = os.path.join(tempfile.gettempdir(), f"otel-ml-{os.getuid()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(path)
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    return path if safe else None

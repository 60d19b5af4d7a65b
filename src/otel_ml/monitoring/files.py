"""Files that the workers of a machine share: open, and locked, in one process and never in its forked children.

A lock goes with its process, however it ends. A forked child closes what it has inherited at once: it would keep the locks
of a parent that ends.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows, which has no fork either
    fcntl = None  # type: ignore[assignment]

ATTEMPTS: Final = 3
"""How often something is tried that another process can get in the way of."""

_FLAGS: Final = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_open: set[int] = set()
_opening = threading.RLock()  # a signal handler may fork, too
"""Nobody forks between the opening of a file and its entry there."""


def can_lock() -> bool:
    """Whether this system has locks for files."""
    return fcntl is not None


def lock(path: Path) -> int | None:
    """A file, made if it is missing, that is locked until it is closed; None where somebody else has it.

    Raises:
        OSError: it can not be opened, or what it is on knows no locks.
    """
    for _ in range(ATTEMPTS):
        with _opening:
            file = os.open(path, _FLAGS | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return None
            except OSError:
                os.close(file)
                raise
            if _is_at(path, file):
                _open.add(file)
                return file
            os.close(file)  # removed meanwhile: a lock on it keeps nobody away
    return None


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A file that is there, for as long as it is needed.

    Raises:
        OSError: it can not be opened.
    """
    with _opening:
        file = os.open(path, _FLAGS)
        _open.add(file)
    try:
        yield file
    finally:
        close(file)


def close(file: int | None) -> None:
    """Close a file, and give up its lock, if this process has opened it."""
    with _opening:
        if file is not None and file in _open:
            _open.discard(file)
            os.close(file)


def is_removed(file: int) -> bool:
    """Whether a file that is open has no name any more."""
    return not os.fstat(file).st_nlink


def make_private(path: Path) -> None:
    """Make a directory, if it is not there.

    Raises:
        OSError: it can not be made, or others than this user may write to it.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    if not is_private(os.lstat(path)):
        raise PermissionError(f"{path} must be a directory that only its owner can write to")


def is_private(found: os.stat_result) -> bool:
    """Whether this is a directory of this user that others can not write to."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _is_at(path: Path, file: int) -> bool:
    try:
        there = os.lstat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(file))


def _after_fork() -> None:
    for file in _open:
        os.close(file)
    _open.clear()
    _opening.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_after_fork)

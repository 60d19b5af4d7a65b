"""Where the workers of one machine meet: a directory for each model and baseline.

Each worker appends what it has counted to a log of its own, so that none waits for another; a file lock says who evaluates
them, and the state, saved with the places up to which it has read, makes every record count once. Locks go with their
process, however it ends.
"""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from otel_ml.monitoring.log import DamagedLog, Log

try:
    import fcntl
except ImportError:  # Windows, which has no fork either
    fcntl = None  # type: ignore[assignment]

MAX_WORKERS: Final = 256

_held: set[int] = set()
"""Files that this process has locked. A forked child closes them at once: it would keep the locks of a parent that ends."""

_opening = threading.RLock()  # a signal handler may fork, too
"""Nobody forks between the opening of a file and its entry there."""

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def default_folder() -> Path:
    """A directory of the user's that every process of theirs on this machine finds.

    Raises:
        OSError: it can not be made, or others than this user may write to it.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir()) / f"otel-ml-{user}"
    _make(path)
    return path / "drift"


class Folder:
    """The meeting place of one model and baseline, as one worker sees it.

    Args:
        path: of the directory, made where it is missing.
        capacity: bytes of a log.

    Raises:
        OSError: it can not be made or written, or others than this user may write to it.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        if fcntl is None:
            raise OSError("this system has no file locks")
        _make(path, parents=True)
        self.path = path
        self._capacity = capacity
        self._evaluator: int | None = None
        self._slot: int | None = None
        self.log = self._claim()
        self._known: dict[str, tuple[Log, int]] = {}

    @property
    def state(self) -> Path:
        """The file that the state is saved in."""
        return self.path / "state"

    def lead(self) -> bool:
        """Whether this worker is the one that evaluates. Takes the role over where nobody has it."""
        if self._evaluator is not None and not os.fstat(self._evaluator).st_nlink:
            _release(self._evaluator)  # removed: a lock on it keeps nobody away any more
            self._evaluator = None
        if self._evaluator is None:
            self._evaluator = _locked(self.path / "evaluator")
        return self._evaluator is not None

    def renew(self) -> None:
        """Begin a new log where this worker's was removed, by hand or by whoever cleans temporary files: nobody reads that one.

        Raises:
            OSError: none can be made.
        """
        if self._slot is None or os.fstat(self._slot).st_nlink:
            return
        _make(self.path, parents=True)
        log, gone = self.log, self._slot
        self.log = self._claim()
        log.close()
        _release(gone)

    def logs(self) -> Iterator[Log]:
        """The logs of all workers, those that have ended included."""
        for entry in sorted(self.path.glob("worker-*")):
            found = self._open(entry)
            if found is not None:
                yield found

    def close(self) -> None:
        """Leave. In a forked child, too: what it has inherited is its parent's, who keeps the locks."""
        for log, file in self._known.values():
            log.close()
            os.close(file)
        self._known.clear()
        self.log.close()
        for held in (self._slot, self._evaluator):
            _release(held)
        self._slot = self._evaluator = None

    def _claim(self) -> Log:
        """The first log that no living worker writes. What its last one has left in it stays, to be read."""
        for number in range(MAX_WORKERS):
            path = self.path / f"worker-{number:03}"
            file = _locked(path)
            if file is None:
                continue
            try:
                log = Log(file) if os.fstat(file).st_size else Log.create(file, self._capacity)
            except DamagedLog:  # another one in its place: the evaluator may have this one mapped
                _release(file)
                path.unlink(missing_ok=True)
                continue
            except BaseException:
                _release(file)
                raise
            self._slot = file
            return log
        raise OSError(f"{MAX_WORKERS} workers are here already")

    def _open(self, path: Path) -> Log | None:
        known = self._known.get(path.name)
        if known is not None and os.fstat(known[1]).st_nlink:
            return known[0]
        if known is not None:  # removed by hand, or by whoever cleans temporary files
            known[0].close()
            os.close(self._known.pop(path.name)[1])
        file = os.open(path, _FLAGS & ~os.O_CREAT)
        try:
            log = Log(file)
        except (DamagedLog, OSError):  # not made yet
            os.close(file)
            return None
        self._known[path.name] = (log, file)
        return log


def _locked(path: Path) -> int | None:
    """A file that is locked for as long as this process keeps it open; None where another process has it."""
    with _opening:
        file = os.open(path, _FLAGS, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return None
        _held.add(file)
    return file


def _release(file: int | None) -> None:
    with _opening:
        if file is not None and file in _held:
            _held.discard(file)
            os.close(file)


def _after_fork() -> None:
    for file in _held:
        os.close(file)
    _held.clear()
    _opening.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_after_fork)


def _make(path: Path, *, parents: bool = False) -> None:
    if parents:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} must be a directory that only its owner can write to")

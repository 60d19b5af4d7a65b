"""Where the workers of one machine meet: a directory for each model and baseline.

Each worker appends what it has counted to a log of its own, so that none waits for another; a file lock says who evaluates
them, and the state, saved with the places up to which it has read, makes every record count once. Locks go with their
process, however it ends.

A process that watches many models is not to run out of descriptors: a worker keeps its log open, and the one that evaluates
the lock that says so. The logs of others are open while they are read.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from otel_ml.monitoring import files
from otel_ml.monitoring.log import DamagedLog, Log

MAX_WORKERS: Final = 256

ATTEMPTS: Final = 100
"""How often a folder is joined that others remove meanwhile: several of them may clean up at the same time."""

EVALUATOR: Final = "evaluator"
STATE: Final = "state"
LOG: Final = "worker-"


def default_folder() -> Path:
    """A directory of the user's that every process of theirs on this machine finds.

    Raises:
        OSError: it can not be made, or others than this user may write to it.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir()) / f"otel-ml-{user}"
    files.make_private(path)
    return path / "drift"


class Folder:
    """The meeting place of one model and baseline, as one worker sees it.

    Args:
        path: of the directory, made where it is missing.
        capacity: bytes of a log.

    Attributes:
        path: as given.

    Raises:
        OSError: it can not be made or written, or others than this user may write to it.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        if not files.can_lock():
            raise OSError("this system has no file locks")
        self.path = path
        self._capacity = capacity
        self._evaluator: int | None = None
        self._slot: int | None = None
        self._name = ""
        self._log: Log | None = self._join()

    @property
    def log(self) -> Log:
        """This worker's.

        Raises:
            OSError: it has left.
        """
        if self._log is None:
            raise OSError(errno.EBADF, "this worker has left")
        return self._log

    @property
    def state(self) -> Path:
        """The file that the state is saved in."""
        return self.path / STATE

    def lead(self) -> bool:
        """Whether this worker is the one that evaluates. Takes the role over where nobody has it."""
        if self._evaluator is not None and files.is_removed(self._evaluator):
            files.close(self._evaluator)  # a lock on it keeps nobody away any more
            self._evaluator = None
        if self._evaluator is None:
            self._evaluator = files.lock(self.path / EVALUATOR)
        return self._evaluator is not None

    def resign(self) -> None:
        """Let another worker evaluate."""
        held, self._evaluator = self._evaluator, None
        files.close(held)

    def renew(self) -> None:
        """Begin a new log where this worker's was removed or cut off, by hand or by whoever cleans temporary files.

        Raises:
            OSError: none can be made.
        """
        if self._slot is None:
            return
        found = os.fstat(self._slot)
        if found.st_nlink and found.st_size == self.log.size:
            return
        gone = self._slot
        self._log = self._join()
        files.close(gone)

    def discard(self) -> None:
        """Give this worker's log up, since something else has written to it. The next `renew` begins a new one."""
        (self.path / self._name).unlink(missing_ok=True)

    def logs(self) -> Iterator[Log]:
        """The logs of all workers, those that have ended included. Each is open until the next one is asked for."""
        own = self._name if self._slot is not None and not files.is_removed(self._slot) else None
        for name in self._names():
            if name == own:
                yield self.log
                continue
            with (
                suppress(DamagedLog, FileNotFoundError),
                files.opened(self.path / name) as file,
            ):  # not made yet, or removed
                yield Log(file)

    def close(self) -> None:
        """Leave. In a forked child, too: what it has inherited is its parent's, who keeps the locks."""
        held, self._slot = self._slot, None
        self._log = None  # its descriptor may soon be that of another file
        try:
            files.close(held)
        finally:
            self.resign()

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.path) if name.startswith(LOG))
        except FileNotFoundError:
            return []

    def _join(self) -> Log:
        for _ in range(ATTEMPTS):
            with suppress(FileNotFoundError):  # removed between two steps, by whoever cleans up
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                files.make_private(self.path)
                return self._claim()
        raise FileNotFoundError(f"{self.path} does not stay")

    def _claim(self) -> Log:
        """The first log that no living worker writes. What its last one has left in it stays, to be read."""
        for number in range(MAX_WORKERS):
            name = f"{LOG}{number:03}"
            path = self.path / name
            file = files.lock(path)
            if file is None:
                continue
            try:
                log = Log(file) if os.fstat(file).st_size else Log.create(file, self._capacity)
            except DamagedLog:
                path.unlink(missing_ok=True)  # another one in its place: somebody may have this one open
                files.close(file)
                continue
            except BaseException:
                files.close(file)
                raise
            self._slot, self._name = file, name
            return log
        raise OSError(f"{MAX_WORKERS} workers are here already")

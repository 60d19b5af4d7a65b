"""Removes the folders of former models, baselines and settings: a directory would have one more of them with every training."""

from __future__ import annotations

import logging
import os
import re
from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from otel_ml.monitoring import files
from otel_ml.monitoring.folder import EVALUATOR, LOG, STATE

KEPT_DAYS: Final = 15
"""Longer than the reference that looks back furthest, the same hour of last week, and than a holiday."""

FIRST_SECONDS: Final = 60.0
"""Until then a process that begins has opened, and so locked, the folders that it goes on with."""

EVERY_SECONDS: Final = 3_600.0

AT_A_TIME: Final = 10
"""Folders that are looked at in one beat, so that a directory full of them holds nobody up."""

_FOLDER: Final = re.compile(r"[A-Za-z0-9-]{1,40}-[0-9a-f]{16}")
_FILE: Final = re.compile(rf"{EVALUATOR}|{LOG}[0-9]{{3}}|{STATE}(\.damaged|\.foreign)?|\.{STATE}\.[^/]*")

_logger = logging.getLogger(__name__)


class Cleaner:
    """Looks through a directory from time to time.

    Args:
        root: the directory that holds a folder for each model and baseline.
        begun: now, on the monotonic clock.
    """

    def __init__(self, root: Path, begun: float) -> None:
        self._root = root
        self._due = begun + FIRST_SECONDS
        self._waiting: deque[str] = deque()

    def beat(self, now: float, wall: float) -> None:
        """Remove what is due.

        Args:
            now: on the monotonic clock.
            wall: the time now, in seconds since 1970.

        Raises:
            OSError: the directory can not be read.
        """
        if now >= self._due:
            self._due = now + EVERY_SECONDS
            self._waiting = deque(name for name in os.listdir(self._root) if _FOLDER.fullmatch(name))
        for _ in range(min(AT_A_TIME, len(self._waiting))):
            remove(self._root / self._waiting.popleft(), wall - 86_400 * KEPT_DAYS)


def remove(folder: Path, before: float) -> bool:
    """Remove a folder if nobody has it open and nothing in it was written since.

    What is in it is removed under all of its locks: a worker that comes meanwhile finds them taken, and begins a log of its
    own, which stays.

    Args:
        folder: to remove.
        before: in seconds since 1970.

    Returns:
        Whether its files are gone.
    """
    with ExitStack() as locks, suppress(OSError):  # whatever is in the way: there is a next time
        if _is_used(folder, before):
            return False
        names = os.listdir(folder)
        for name in names:
            if name != EVALUATOR and not name.startswith(LOG):
                continue
            held = files.lock(folder / name)
            if held is None:
                return False
            locks.callback(files.close, held)
        if _is_used(folder, before):
            return False
        for name in sorted(
            names, key=EVALUATOR.__eq__
        ):  # the lock last: whoever gets it then finds no state to go on from
            (folder / name).unlink()
        with suppress(OSError):  # somebody has come
            folder.rmdir()
        _logger.info("%s is removed: nobody has watched that model and baseline for %d days", folder, KEPT_DAYS)
        return True
    return False


def _is_used(folder: Path, before: float) -> bool:
    """Whether it was written since, or is none of ours, or has something in it that is not."""
    found = os.lstat(folder)
    if not files.is_private(found) or found.st_mtime >= before:
        return True
    with os.scandir(folder) as entries:
        return any(
            not _FILE.fullmatch(entry.name)
            or not entry.is_file(follow_symlinks=False)
            or entry.stat(follow_symlinks=False).st_mtime >= before
            for entry in entries
        )

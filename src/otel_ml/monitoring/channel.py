"""How what the workers have counted reaches the one that evaluates it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from otel_ml import guard
from otel_ml.monitoring.folder import Folder
from otel_ml.monitoring.log import DamagedLog, Log
from otel_ml.monitoring.records import Record

SETTLING: Final = 2.5
"""Seconds that the first counts of a step wait, where there are several workers: others may have some of the step before."""

CROWDED: Final = 0.5
"""A log that is fuller than this is read without that wait."""

OVERHEAD: Final = 256
"""Bytes of a record without names and examples, beside the counts."""

PATIENCE: Final = 3
"""How often a record that can not be read is tried again, before all that is in its log is given up."""


class Channel(Protocol):
    """From all workers to one."""

    def send(self, record: Record) -> bool:
        """Hand counts over, for good. False while there is no room for them."""

    def lead(self) -> bool:
        """Whether this worker evaluates."""

    def resign(self) -> None:
        """Let another worker evaluate, if there is one."""

    def receive(self, now: float, *, everything: bool = False) -> list[Record]:
        """What has come from all workers and was not received before, in the order of steps.

        Args:
            now: on the monotonic clock.
            everything: whether also what others may still have something to put before.
        """

    def holds_back(self) -> bool:
        """Whether there was more when this was last asked for what has come."""

    @property
    def places(self) -> dict[str, int]:
        """Up to where everything was received: what a state must be saved with."""

    def continue_from(self, places: Mapping[str, int]) -> None:
        """Receive what comes after these places, which were saved with a state."""

    def free(self) -> None:
        """Forget what was received: a state that has all of it is saved."""

    def is_crowded(self) -> bool:
        """Whether there will soon be no room any more."""

    def close(self) -> None:
        """Leave."""


class Private:
    """For a worker of its own, that shares nothing and keeps nothing."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()

    def send(self, record: Record) -> bool:
        """Hand counts over."""
        self._records.append(record)  # as many as were pending, which are bounded: they are received right after
        return True

    def lead(self) -> bool:
        """It does."""
        return True

    def resign(self) -> None:
        """There is no other."""

    def receive(self, now: float, *, everything: bool = False) -> list[Record]:
        """What was sent."""
        found = sorted(self._records, key=lambda record: record.step)
        self._records.clear()
        return found

    def holds_back(self) -> bool:
        """It gives all it has."""
        return False

    @property
    def places(self) -> dict[str, int]:
        """None: there is no state to continue from."""
        return {}

    def continue_from(self, places: Mapping[str, int]) -> None:
        """There is nothing to continue."""

    def free(self) -> None:
        """There is nothing to free."""

    def is_crowded(self) -> bool:
        """There is always room."""
        return False

    def close(self) -> None:
        """There is nothing to leave."""


class Shared:
    """For workers that meet in a folder.

    Args:
        path: of the folder.
        shape: of the count matrices.
        capacity: bytes of a log.

    Raises:
        OSError: the folder can not be used.
    """

    def __init__(self, path: Path, shape: Sequence[int], capacity: int) -> None:
        self.folder = Folder(path, max(capacity, shape[0] * shape[1] * 8 + OVERHEAD))
        self._shape = shape
        self._places: dict[str, int] = {}
        self._seen: deque[tuple[float, int]] = deque()  # when which step was the newest
        self._failures: dict[str, int] = {}
        self._is_crowded = self._holds_back = self._is_damaged = False

    def send(self, record: Record) -> bool:
        """Hand counts over, for good. False while there is no room for them."""
        self.folder.renew()
        log = self.folder.log
        try:
            sent = log.append(_fitting(record, log))
        except DamagedLog:
            if self._is_damaged:  # twice: not just somebody who was stopped in the midst of writing to it
                self.folder.discard()
            self._is_damaged = not self._is_damaged
            return False
        self._is_damaged = False
        return sent

    def lead(self) -> bool:
        """Whether this worker evaluates. Takes the role over where nobody has it."""
        return self.folder.lead()

    def resign(self) -> None:
        """Let another worker evaluate, if there is one."""
        self.folder.resign()

    def receive(self, now: float, *, everything: bool = False) -> list[Record]:
        """What has come from all workers and was not received before, in the order of steps."""
        self._is_crowded = self._holds_back = False
        waiting = {log.id: self._read(log) for log in self.folder.logs()}
        for known in (self._places, self._failures):
            for gone in known.keys() - waiting.keys():
                del known[gone]
        last = None if everything else self._last_step(now, waiting)
        received: list[Record] = []
        for name, records in waiting.items():
            for record, place in records:
                if last is not None and record.step > last:
                    self._holds_back = True
                    break  # all behind it waits, too, so that one place says what was received
                received.append(record)
                self._places[name] = place
        received.sort(key=lambda record: record.step)
        return received

    def holds_back(self) -> bool:
        """Whether something waits for what others may have to put before, or could not be read yet."""
        return self._holds_back

    @property
    def places(self) -> dict[str, int]:
        """Up to where everything was received, by log."""
        return dict(self._places)

    def continue_from(self, places: Mapping[str, int]) -> None:
        """Receive what comes after these places."""
        self._places = dict(places)

    def free(self) -> None:
        """Let the writers write over what was received."""
        for log in self.folder.logs():
            if log.id in self._places:
                with suppress(DamagedLog):
                    log.free(self._places[log.id])

    def is_crowded(self) -> bool:
        """Whether a log was soon to be full when all were read last."""
        return self._is_crowded

    def close(self) -> None:
        """Leave, so that others can take the role and the log."""
        self.folder.close()

    def _read(self, log: Log) -> list[tuple[Record, int]]:
        """All that is in a log beyond what was received."""
        found: list[tuple[Record, int]] = []
        try:
            self._is_crowded |= log.used > CROWDED
            place = max(self._places.get(log.id, 0), log.start)
            for payload, after in log.read(place):
                found.append((Record.from_bytes(payload, self._shape), after))
            self._failures.pop(log.id, None)
        except (DamagedLog, ValueError) as error:
            # Another processor's stores may become visible in another order: what is not there yet is there next time.
            failures = self._failures[log.id] = self._failures.get(log.id, 0) + 1
            if failures >= PATIENCE and not found:
                with suppress(DamagedLog):
                    self._places[log.id] = log.end
                guard.report("drift.log", error)
            else:
                self._holds_back = True
        return found

    def _last_step(self, now: float, waiting: Mapping[str, list[tuple[Record, int]]]) -> int | None:
        """The newest step that may be received, None for any: one that was the newest some time ago."""
        newest = max((record.step for records in waiting.values() for record, _ in records), default=None)
        if newest is not None:
            self._seen.append((now, max(newest, self._seen[-1][1] if self._seen else newest)))
        while len(self._seen) > 1 and self._seen[1][0] <= now - SETTLING:
            self._seen.popleft()
        if len(waiting) < 2 or self.is_crowded():
            return None
        if not self._seen or self._seen[0][0] > now - SETTLING:
            return self._seen[0][1] - 1 if self._seen else None
        return self._seen[0][1]


def _fitting(record: Record, log: Log) -> bytes:
    """What a log has room for, be it counts without examples: one that never fits would keep all behind it waiting."""
    data = record.to_bytes()
    if not log.fits(data):
        data = replace(record, ids=(), bins=record.bins[:0], rare=()).to_bytes()
    if not log.fits(data):
        data = replace(record, ids=(), bins=record.bins[:0], rare=(), names=None).to_bytes()
    if not log.fits(data):
        raise DamagedLog  # made by another program, or version: of no use here
    return data

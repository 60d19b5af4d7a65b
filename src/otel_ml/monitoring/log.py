"""A log in a file: one process appends, another one reads, and either may be killed at any time.

A record is written behind the end and counts only once the end is moved past it, which is one write of a few bytes: it is
there or not, never in part. Its place and a checksum stand before it, so that a reader that is ahead of what it reads, or
behind a writer that has come round, knows.

The file is read and written, not mapped: Python keeps a descriptor open for each map, which a service of many models runs
out of, and a file that somebody cuts off under a map ends the process.
"""

from __future__ import annotations

import errno
import os
import struct
import time
import zlib
from collections.abc import Iterator
from typing import Final

_MAGIC: Final = b"otelml02"
_HEAD: Final = struct.Struct("<8sQQ8x")  # magic, id, capacity
_FIELD: Final = struct.Struct("<QI4x")  # a place and its checksum
_RECORD: Final = struct.Struct("<QII")  # its place, length and checksum

_END: Final = _HEAD.size
_FREE: Final = _END + _FIELD.size
_HEADER: Final = _FREE + _FIELD.size

TRIES: Final = 10
"""How often a place is read whose checksum is wrong: another process is in the midst of writing it."""

PAUSE: Final = 0.0001
"""Seconds between two of them. One that is paused in its midst for longer is waited for by whoever calls."""


class DamagedLog(Exception):
    """What stands in a log was not written by `Log.append`."""


class Log:
    """A ring of records in a file.

    Places are counted in bytes from the first record ever, so they only grow.

    Args:
        file: descriptor of the file, open for reading and writing; stays the caller's.

    Attributes:
        id: tells this log from another one that had its name.
        size: of the file in bytes.

    Raises:
        DamagedLog: the file holds something else, or nothing yet.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self.size = os.fstat(file).st_size
        magic, number, capacity = _HEAD.unpack(self._pread(_HEAD.size, 0))
        self._capacity: int = capacity
        if magic != _MAGIC or not capacity or _HEADER + capacity != self.size:
            raise DamagedLog
        self.id = f"{number:016x}"

    @classmethod
    def create(cls, file: int, capacity: int) -> Log:
        """Make an empty log of a file, whatever is in it.

        Raises:
            OSError: there is no room for so many bytes of records.
        """
        os.ftruncate(file, 0)
        _allocate(file, _HEADER + capacity)
        number = int.from_bytes(os.urandom(8), "big")
        _pwrite(file, _HEAD.pack(_MAGIC, number, capacity) + 2 * _FIELD.pack(0, _checksum(0)), 0)
        return cls(file)

    @property
    def used(self) -> float:
        """Share of the capacity that is not free, 0 to 1."""
        return (self.end - self.start) / self._capacity

    @property
    def start(self) -> int:
        """The place of the oldest record that is kept."""
        return self._get(_FREE)

    @property
    def end(self) -> int:
        """The place after the newest one."""
        return self._get(_END)

    def fits(self, payload: bytes) -> bool:
        """Whether there is room for a record where all is free."""
        return _room_for(len(payload)) <= self._capacity

    def append(self, payload: bytes) -> bool:
        """Add a record. For the one writer only.

        Returns:
            False if there is no room until the reader has freed some.

        Raises:
            DamagedLog: something else has written to the file.
            OSError: the record can not be written.
        """
        end, size = self.end, _room_for(len(payload))
        if end - self.start + size > self._capacity:
            return False
        self._write(end, _RECORD.pack(end, len(payload), _checksum(end, payload)) + payload)
        self._set(_END, end + size)
        return True

    def read(self, place: int) -> Iterator[tuple[bytes, int]]:
        """Records from a place on, each with the place after it. Stops at the end.

        Raises:
            DamagedLog: there is no record, or another one has been written over it by now.
        """
        while place < self.end:
            found, length, checksum = _RECORD.unpack(self._read(place, _RECORD.size))
            if found != place or length > self._capacity:
                raise DamagedLog
            payload = self._read(place + _RECORD.size, length)
            if _checksum(place, payload) != checksum:
                raise DamagedLog
            place += _room_for(length)
            yield payload, place

    def free(self, place: int) -> None:
        """Let the writer write over everything before a place. For the one reader only."""
        self._set(_FREE, min(max(place, self.start), self.end))

    def _get(self, field: int) -> int:
        for left in reversed(range(TRIES)):
            place, checksum = _FIELD.unpack(self._pread(_FIELD.size, field))
            if checksum == _checksum(place):
                return int(place)
            if left:
                time.sleep(PAUSE)
        raise DamagedLog

    def _set(self, field: int, place: int) -> None:
        _pwrite(self._file, _FIELD.pack(place, _checksum(place)), field)

    def _write(self, place: int, data: bytes) -> None:
        at = place % self._capacity
        first = min(len(data), self._capacity - at)
        _pwrite(self._file, data[:first], _HEADER + at)
        if first < len(data):
            _pwrite(self._file, data[first:], _HEADER)

    def _read(self, place: int, length: int) -> bytes:
        at = place % self._capacity
        first = min(length, self._capacity - at)
        start = self._pread(first, _HEADER + at)
        return start + self._pread(length - first, _HEADER) if first < length else start

    def _pread(self, length: int, at: int) -> bytes:
        found = os.pread(self._file, length, at)
        if len(found) < length:  # cut off
            raise DamagedLog
        return found


def _pwrite(file: int, data: bytes, at: int) -> None:
    if os.pwrite(file, data, at) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _allocate(file: int, size: int) -> None:
    """All of it, now: what was counted is not to wait for room on a disk that is full by then."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:  # macOS
        os.pwrite(file, bytes(size), 0)


def _room_for(length: int) -> int:
    return (_RECORD.size + length + 7) & ~7


def _checksum(place: int, payload: bytes = b"") -> int:
    return zlib.crc32(payload, zlib.crc32(place.to_bytes(8, "little")))

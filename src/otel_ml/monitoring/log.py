"""A log in a memory-mapped file: one process appends, another one reads, and either may be killed at any time.

A record is written behind the end and counts only once the end is moved past it, which is one aligned store of eight bytes:
it is there or not, never in part. Its place and a checksum stand before it, so that a reader that is ahead of the memory it
reads, or behind a writer that has come round, knows.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Final

_MAGIC: Final = int.from_bytes(b"otelml01", "big")
_HEADER: Final = 64
_RECORD: Final = struct.Struct("<QII")  # its place, length and checksum

# Fields of the header, eight bytes each.
_IS, _ID, _CAPACITY, _END, _FREE = range(5)


class DamagedLog(Exception):
    """What stands in a log was not written by `Log.append`."""


class Log:
    """A ring of records in a file.

    Places are counted in bytes from the first record ever, so they only grow.

    Args:
        file: descriptor of the file, open for reading and writing; stays the caller's.

    Raises:
        OSError: the file can not be mapped.
        DamagedLog: it holds something else, or nothing yet.
    """

    def __init__(self, file: int) -> None:
        if os.fstat(file).st_size <= _HEADER:
            raise DamagedLog
        self._memory = mmap.mmap(file, 0)
        self._bytes = memoryview(self._memory)
        self._fields = self._bytes[:_HEADER].cast("Q")
        self._capacity = self._fields[_CAPACITY]
        if self._fields[_IS] != _MAGIC or _HEADER + self._capacity != len(self._memory):
            self.close()
            raise DamagedLog

    @classmethod
    def create(cls, file: int, capacity: int) -> Log:
        """Make an empty log of a file, whatever is in it.

        Raises:
            OSError: there is no room for so many bytes of records.
        """
        size = _HEADER + capacity
        os.ftruncate(file, 0)
        _allocate(file, size)
        os.pwrite(file, struct.pack("QQQ", _MAGIC, int.from_bytes(os.urandom(8), "big"), capacity), 0)
        return cls(file)

    @property
    def id(self) -> str:
        """Tells this log from another one that had its name."""
        return f"{self._fields[_ID]:016x}"

    @property
    def used(self) -> float:
        """Share of the capacity that is not free, 0 to 1."""
        return (self._fields[_END] - self._fields[_FREE]) / self._capacity

    @property
    def start(self) -> int:
        """The place of the oldest record that is kept."""
        return self._fields[_FREE]

    @property
    def end(self) -> int:
        """The place after the newest one."""
        return self._fields[_END]

    def append(self, payload: bytes) -> bool:
        """Add a record. For the one writer only.

        Returns:
            False if there is no room until the reader has freed some.
        """
        end, size = self._fields[_END], _room_for(len(payload))
        if end - self._fields[_FREE] + size > self._capacity:
            return False
        self._write(end, _RECORD.pack(end, len(payload), _checksum(end, payload)) + payload)
        self._fields[_END] = end + size
        return True

    def read(self, place: int) -> Iterator[tuple[bytes, int]]:
        """Records from a place on, each with the place after it. Stops at the end.

        Raises:
            DamagedLog: there is no record, or another one has been written over it by now.
        """
        while place < self._fields[_END]:
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
        self._fields[_FREE] = min(max(place, self._fields[_FREE]), self._fields[_END])

    def close(self) -> None:
        """Unmap the file."""
        try:
            self._fields.release()
            self._bytes.release()
            self._memory.close()
        except BufferError:  # in a forked child: a thread that only its parent has was in the midst of reading
            pass

    def _write(self, place: int, data: bytes) -> None:
        at = place % self._capacity
        first = min(len(data), self._capacity - at)
        self._bytes[_HEADER + at : _HEADER + at + first] = data[:first]
        self._bytes[_HEADER : _HEADER + len(data) - first] = data[first:]

    def _read(self, place: int, length: int) -> bytes:
        at = place % self._capacity
        first = min(length, self._capacity - at)
        start = bytes(self._bytes[_HEADER + at : _HEADER + at + first])
        return start + bytes(self._bytes[_HEADER : _HEADER + length - first]) if first < length else start


def _allocate(file: int, size: int) -> None:
    """All of it, now: on a disk that is full by then, the first store into a page would be a signal that ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:  # macOS
        os.pwrite(file, bytes(size), 0)


def _room_for(length: int) -> int:
    return (_RECORD.size + length + 7) & ~7


def _checksum(place: int, payload: bytes) -> int:
    return zlib.crc32(payload, place & 0xFFFFFFFF)

"""The bytes of a text file as the parser takes them: UTF-8, or an encoding that has ASCII in it, without a byte order mark."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import Any, BinaryIO, Final, cast

BUFFER: Final = 1 << 20
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def utf8(stream: BinaryIO) -> BinaryIO:
    """The stream without a byte order mark; UTF-16 as UTF-8, as far as a mark tells that it is."""
    begin = stream.read(len(codecs.BOM_UTF8))
    if begin == codecs.BOM_UTF8:
        return stream
    for mark, encoding in _UTF16.items():
        if begin.startswith(mark):
            decode = codecs.getincrementaldecoder(encoding)("replace").decode
            return _buffered(_Recoded(begin[len(mark) :], stream, decode))
    return rewound(begin, stream)


def rewound(begin: bytes, stream: BinaryIO, seen: Callable[[bytes], object] = lambda _: None) -> BinaryIO:
    """A stream whose first bytes were read already; `seen` is told all that is read, and nothing at the end."""
    return _buffered(_Rewound(begin, stream, seen))


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(raw, BUFFER))


class _Rewound(io.RawIOBase):
    def __init__(self, begin: bytes, rest: BinaryIO, seen: Callable[[bytes], object]) -> None:
        self._begin = begin
        self._rest = rest
        self._seen = seen

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._begin:
            data, self._begin = self._begin[: len(buffer)], self._begin[len(buffer) :]
        else:
            data = self._rest.read(len(buffer))
        buffer[: len(data)] = data
        self._seen(data)
        return len(data)


class _Recoded(io.RawIOBase):
    def __init__(self, begin: bytes, rest: BinaryIO, decode: Callable[[bytes, bool], str]) -> None:
        self._rest = rest
        self._decode = decode
        self._ready = decode(begin, False).encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        at_end = False
        while not self._ready and not at_end:
            data = self._rest.read(BUFFER)
            at_end = not data
            self._ready = self._decode(data, at_end).encode("utf-8", "replace")
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

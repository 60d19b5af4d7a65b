"""Decompression with a bound: a few kilobytes of gzip can hold gigabytes."""

from __future__ import annotations

import zlib

_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
ENCODINGS = ("identity", *_WINDOW_BITS)


class TooLarge(ValueError):
    """The content is larger than allowed."""


def decompress(data: bytes, encoding: str, limit: int) -> bytes:
    """Undoes a Content-Encoding.

    Args:
        data: The content as received.
        encoding: One of `ENCODINGS`.
        limit: Largest result in bytes. No more than this is ever decompressed.

    Raises:
        TooLarge: The result would be larger than `limit`.
        ValueError: The data is not what the encoding says, or ends too early.
    """
    if encoding == "identity":
        if len(data) > limit:
            raise TooLarge(f"more than {limit} bytes")
        return data
    parts: list[bytes] = []
    size = 0
    while True:  # gzip allows several members, one after the other
        member = zlib.decompressobj(_WINDOW_BITS[encoding])
        try:
            part = member.decompress(data, limit - size + 1)
        except zlib.error as error:
            raise ValueError(f"not valid {encoding}: {error}") from None
        size += len(part)
        if size > limit:
            raise TooLarge(f"more than {limit} bytes when decompressed")
        if not member.eof:
            raise ValueError(f"{encoding} data ends too early")
        parts.append(part)
        data = member.unused_data
        if encoding != "gzip" or not data:
            return b"".join(parts)

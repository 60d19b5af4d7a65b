"""The bytes of a file, whatever they are packed in."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO, Final, cast

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.parts import STDIN, Part

MAGIC: Final = 6
"""Bytes that tell what a file is."""

_COMPRESSED: Final[dict[bytes, Callable[[Any], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_ZIP: Final = b"PK\x03\x04"
_BUFFER: Final = 1 << 20


def opened(part: Part) -> io.BufferedReader:
    """The bytes as they are.

    Raises:
        FileError: They cannot be read.
    """
    if part.path == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise FileError("there is no standard input: pipe a CSV file into it")
        return io.BufferedReader(cast(Any, sys.stdin.buffer), _BUFFER)
    try:
        return io.BufferedReader(io.FileIO(part.path), _BUFFER)
    except OSError as error:
        raise FileError(f"{part.name} cannot be read: {error.strerror}") from None


def unpacked(file: io.BufferedReader, part: Part) -> BinaryIO:
    """What is packed inside, or the bytes as they are.

    Raises:
        FileError: It holds more than one file, or it is damaged.
    """
    magic = file.peek(MAGIC)
    for begin, opener in _COMPRESSED.items():
        if magic.startswith(begin):
            return cast(BinaryIO, opener(file))
    if not magic.startswith(_ZIP):
        return file
    if part.path == STDIN:
        raise FileError("a zip archive is not read from standard input: unpack it, as with `unzip -p`")
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise FileError(f"{part.name} is damaged: {error}") from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    if any(member.filename.startswith("xl/") for member in members):
        raise FileError(f"{part.name} is an Excel workbook: save it as CSV")
    if len(members) != 1:
        raise FileError(f"{part.name} holds {len(members)} files: unpack it, and name those to read")
    return cast(BinaryIO, archive.open(members[0]))

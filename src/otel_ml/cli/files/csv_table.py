"""A CSV file as chunks of columns, in one pass over a stream and in bounded memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from otel_ml.cli.files.csv_columns import NULLS
from otel_ml.cli.files.csv_head import read_head
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.plan import Plan
from otel_ml.cli.printable import printable

BLOCK: Final = 1 << 20
"""Bytes that are parsed at a time; a row must be smaller."""

_WRONG_ROW: Final = re.compile(r"(?:Row #(?P<row>\d+): )?Expected (?P<expected>\d+) columns, got (?P<actual>\d+)")


class CsvTable:
    """Reads a stream.

    Args:
        stream: bytes, decompressed.
        name: what to call it in messages.

    Raises:
        FileError: This is no CSV file with a header.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._name = name
        self._head, begin = read_head(stream, name)
        self._stream = io.BufferedReader(_Rewound(begin, stream), BLOCK)
        self.recoded = False
        """Whether something was not UTF-8, and was read as Windows-1252."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return self._head.names

    def chunks(self, plan: Plan) -> Iterator[dict[str, np.ndarray]]:
        """Read it; once only.

        Raises:
            FileError: It cannot be read any further.
        """
        comma = self._head.delimiter == ";"  # such files come from where numbers have a comma
        for block in self._blocks():
            chunk: dict[str, np.ndarray] = {}
            for name, texts in zip(self.names, block.columns, strict=True):
                if plan.time is not None and name == plan.time.name:
                    chunk[name] = plan.time.seconds(self._decoded(texts))
                elif plan.wanted(name):
                    chunk[name] = plan.csv_column(name, comma).values(self._decoded(texts))
                else:
                    chunk[name] = np.full(len(texts), np.nan)
            yield chunk

    def _blocks(self) -> Iterator[Any]:
        names = list(self.names)
        try:
            with pa.csv.open_csv(
                self._stream,
                pa.csv.ReadOptions(
                    column_names=names,
                    skip_rows_after_names=1,
                    block_size=BLOCK,
                    use_threads=False,  # only so is the number of a broken row known, and it is no slower
                    encoding="utf8" if self._head.encoding == "utf-8" else self._head.encoding,
                ),
                pa.csv.ParseOptions(delimiter=self._head.delimiter, newlines_in_values=True),
                pa.csv.ConvertOptions(
                    column_types={name: pa.binary() for name in names},
                    null_values=list(NULLS),
                    strings_can_be_null=True,
                    check_utf8=False,
                ),
            ) as reader:
                for block in reader:
                    if block.num_rows:
                        yield block
        except (pa.ArrowInvalid, EOFError, OSError) as error:
            raise FileError(self._complaint(error)) from None

    def _complaint(self, error: Exception) -> str:
        """What went wrong, without the values of the row, which may be anybody's."""
        said = str(error)
        if wrong := _WRONG_ROW.search(said):
            where = f" in row {int(wrong['row']):,}" if wrong["row"] else ""
            return (
                f"{self._name} has {wrong['actual']} fields instead of {wrong['expected']}{where}: "
                f"quote fields that hold a {self._head.delimiter!r} or a line break"
            )
        if "straddling" in said:
            return f"{self._name} has a row of more than {BLOCK >> 20} MB: is a quotation mark left open?"
        return f"{self._name} is damaged: {printable(said.partition(chr(10))[0], 200)}"

    def _decoded(self, texts: Any) -> Any:
        try:
            return texts.cast(pa.string())
        except pa.ArrowInvalid:
            self.recoded = True
            return pa.array([None if text is None else _decoded(text) for text in texts.to_pylist()], pa.string())


class _Rewound(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, begin: bytes, rest: BinaryIO) -> None:
        self._begin = memoryview(begin)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._begin:
            size = min(len(buffer), len(self._begin))
            buffer[:size], self._begin = self._begin[:size], self._begin[size:]
            return size
        data = self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")

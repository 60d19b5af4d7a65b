"""A CSV file as chunks of columns, in one pass over a stream and in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from otel_ml.cli.files.csv_columns import NULLS, with_point
from otel_ml.cli.files.csv_head import read_head
from otel_ml.cli.files.csv_quotes import Quotes
from otel_ml.cli.files.csv_stream import rewound, utf8
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.plan import Plan
from otel_ml.cli.printable import plural, printable

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
        stream = utf8(stream)
        self._head, begin = read_head(stream, name)
        self._quotes = Quotes(self._head.delimiter, self._head.line)
        self._stream = rewound(begin, stream, self._see)
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
                    chunk[plan.seconds or name] = plan.time.seconds(with_point(self._decoded(texts), comma))
                if name in chunk:
                    continue
                if plan.wanted(name):
                    chunk[name] = plan.csv_column(name).values(self._decoded(texts), comma)
                else:
                    chunk[name] = np.full(len(texts), np.nan)
            yield chunk

    def _see(self, piece: bytes) -> None:
        if piece:
            self._quotes.look(piece)
        else:
            self._quotes.end()

    def _blocks(self) -> Iterator[Any]:
        names = list(self.names)
        if self._head.alone:  # which the parser takes for a broken row
            while self._stream.read(BLOCK):
                pass
            self._check_quotes()
            return
        try:
            with pa.csv.open_csv(
                self._stream,
                pa.csv.ReadOptions(
                    column_names=names,
                    skip_rows_after_names=1,
                    block_size=BLOCK,
                    use_threads=False,  # only so is the number of a broken row known, and it is no slower
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
                    self._check_quotes()
                    if block.num_rows:
                        yield block
        except (pa.ArrowInvalid, EOFError, OSError) as error:
            raise FileError(self._complaint(error)) from None

    def _check_quotes(self) -> None:
        """A mark that is left open takes rows into a value, without which there is no telling what a file says."""
        if self._quotes.broken is not None:
            raise FileError(self._open_quote(self._quotes.broken))

    def _open_quote(self, line: int) -> str:
        return (
            f"{self._name} has a quotation mark in line {line:,} that is left open: close it, "
            "or double those that are part of a value"
        )

    def _complaint(self, error: Exception) -> str:
        """What went wrong, without the values of the row, which may be anybody's."""
        said = str(error)
        quote = self._quotes.broken or self._quotes.open_line
        if wrong := _WRONG_ROW.search(said):
            if quote is not None and wrong["row"] and quote <= int(wrong["row"]):
                return self._open_quote(quote)
            where = f" in row {int(wrong['row']):,}" if wrong["row"] else ""
            if int(wrong["actual"]) < int(wrong["expected"]):
                advice = "a row is cut short, or a line break in a value is not quoted"
            elif wrong["row"] == "2":
                advice = "is the first line that of the column names, one for each column?"
            else:
                advice = f"quote values that hold a {self._head.delimiter!r}"
            return f"{self._name} has {plural(int(wrong['actual']), 'field')} instead of {wrong['expected']}{where}: {advice}"
        if "straddling" in said:
            if quote is not None:
                return self._open_quote(quote)
            return f"{self._name} has a row of more than {BLOCK >> 20} MB"
        return f"{self._name} is damaged: {printable(said.partition(chr(10))[0], 200)}"

    def _decoded(self, texts: Any) -> Any:
        try:
            return texts.cast(pa.string())
        except pa.ArrowInvalid:
            self.recoded = True
            return pa.array([None if text is None else _decoded(text) for text in texts.to_pylist()], pa.string())


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")

"""What the first bytes of a CSV file tell: its delimiter, its columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from otel_ml.cli.files.csv_quotes import breaks
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.printable import printable

HEAD: Final = 1 << 20
"""Bytes to look at; the header must be within them."""

_DELIMITERS: Final = ",;\t|"
_RECORDS: Final = 50
_SEPARATOR: Final = re.compile(rb"sep=([,;\t|])\r?\n")
"""A first line that only tells the delimiter, as Excel has it."""

_OTHERS: Final = {
    "HTML or XML": re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE),
    "JSON": re.compile(r'\s*(\{\s*["}]|\[\s*["{\[\]])'),
}
_NUMBER: Final = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Head:
    """How to read the rest.

    Attributes:
        names: of the columns; one without a name is ``Unnamed: 3``, as pandas has it.
        delimiter: between two fields.
        line: number of the line that they stand on.
        alone: whether nothing follows.
    """

    names: tuple[str, ...]
    delimiter: str
    line: int
    alone: bool


def read_head(stream: BinaryIO, name: str) -> tuple[Head, bytes]:
    """Look at the beginning of a stream of UTF-8. What turns out not to be any is seen when it is read.

    Returns:
        What it tells, and the bytes that were read, those before the names of the columns left out.

    Raises:
        FileError: This is no CSV file with a header.
    """
    begin = stream.read(HEAD)
    if not begin.strip(b"\0\r\n\t "):
        raise FileError(f"{name} is empty: a CSV file begins with a line of column names")
    if b"\0" in begin:
        raise FileError(f"{name} is neither CSV nor Parquet")
    content = begin.lstrip(b"\r\n")  # the parser would take an empty line for that of the names
    told = _SEPARATOR.match(content)
    content = content[told.end() :] if told else content
    text = _decoded(content)
    for kind, looks in _OTHERS.items():
        if looks.match(text):
            raise FileError(f"{name} is {kind}: make it CSV or Parquet")
    whole = len(begin) < HEAD
    delimiter, records = _records(text, told[1].decode() if told else _DELIMITERS, whole)
    if not records:
        raise FileError(f"{name} has no line of column names within its first {HEAD // 1024} kB: is this a CSV file?")
    names = _named([column.strip() for column in records[0]])
    _check(names, name)
    skipped = begin[: len(begin) - len(content)]
    return Head(names, delimiter, 1 + breaks(skipped), alone=whole and len(records) == 1), content


def _decoded(content: bytes) -> str:
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)  # the last character may be cut in two
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _records(text: str, delimiters: str, whole: bool) -> tuple[str, list[list[str]]]:
    """The delimiter that cuts the first records into the most columns, best of all into as many each; and these."""
    found: dict[str, list[list[str]]] = {}
    records: list[list[str]]
    for delimiter in delimiters:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        records = []
        with suppress(csv.Error):  # a field that is longer than the module likes: those before it tell enough
            records.extend(islice(filter(None, reader), _RECORDS + 1))
        complete = whole or len(records) > _RECORDS
        found[delimiter] = records[:_RECORDS] if complete else records[:-1] or records

    def fitness(delimiter: str) -> tuple[bool, int]:
        widths = [len(record) for record in found[delimiter]] or [0]
        return widths[0] > 1 and len(set(widths)) == 1, widths[0]

    best = max(found, key=fitness)
    return best, found[best]


def _named(columns: list[str]) -> tuple[str, ...]:
    """Names as pandas gives them: a table that it wrote twice has two columns without one."""
    given = [column or f"Unnamed: {index}" for index, column in enumerate(columns)]
    return tuple(
        f"{name}.1" if not column and name in columns else name for name, column in zip(given, columns, strict=True)
    )


def _check(names: tuple[str, ...], name: str) -> None:
    twice = [column for column, number in Counter(names).items() if number > 1]
    if _is_data(names):
        raise FileError(
            f"{name} begins with values, not with column names ({printable(names[0], 20)}, …): add a line of names"
        )
    if twice:
        raise FileError(f"{name} has two columns called {printable(twice[0], 40)!r}: rename one")


def _is_data(names: tuple[str, ...]) -> bool:
    """Whether a header has numbers, other than years or indexes one after another."""
    numbers = [name for name in names if _NUMBER.fullmatch(name)]
    if not numbers or names == ("Unnamed: 0", "0"):  # a series of pandas without a name
        return False
    if not all(number.isdecimal() for number in numbers):
        return True
    first = int(numbers[0])
    run = [int(number) for number in numbers] == list(range(first, first + len(numbers)))
    return not run or (len(numbers) == 1 and len(names) > 1)

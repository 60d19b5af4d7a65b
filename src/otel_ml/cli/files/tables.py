"""The table that a command line names: CSV and Parquet files, folders of them, and standard input."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from otel_ml.cli.files.csv_table import CsvTable
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.opening import MAGIC, opened, unpacked
from otel_ml.cli.files.parquet_table import ParquetTable
from otel_ml.cli.files.parts import STDIN, Part, parts_of
from otel_ml.cli.files.plan import Plan
from otel_ml.cli.printable import printable

_PARQUET: Final = b"PAR1"


class Files:
    """One table, of one or more files: read once, chunk by chunk.

    Args:
        paths: of files and folders, in the order of time; ``-`` is CSV from standard input. Files of a folder are read
            in the order of their names, and ``key=value`` in the name of a folder of Parquet files is a column.

    Raises:
        FileError: There is no such file, or a folder has none that could be read.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        if list(paths).count(STDIN) > 1:
            raise FileError("standard input can be read only once")
        self._parts = [part for path in paths for part in parts_of(path)]
        self._read = 0
        self._done = 0
        self.notes: list[str] = []
        """What was read in another way than it may seem."""

    @property
    def size(self) -> int | None:
        """Bytes of all files; None with standard input."""
        return None if any(part.path == STDIN for part in self._parts) else sum(part.size for part in self._parts)

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._done + self._read

    def chunks(self, plan: Plan) -> Iterator[Any]:
        """Read all files.

        Yields:
            Mappings of columns, or record batches. Each has at least one row.

        Raises:
            FileError: A file cannot be read, or not to its end; or no file has a row.
        """
        rows = 0
        for part in self._parts:
            for chunk in self._chunks(part, plan):
                rows += chunk.num_rows if hasattr(chunk, "num_rows") else len(next(iter(chunk.values())))
                yield chunk
            self._done += part.size
            self._read = 0
        if not rows:
            raise FileError(f"{self._parts[0].name} has no rows")

    def _chunks(self, part: Part, plan: Plan) -> Iterator[Any]:
        with opened(part) as file:
            magic = file.peek(MAGIC)
            if magic.startswith(_PARQUET):
                if part.path == STDIN:
                    raise FileError(
                        "Parquet is not read from standard input, since its index is at the end: name the file"
                    )
                yield from self._parquet(part, plan)
            else:
                yield from self._csv(part, file, plan)

    def _parquet(self, part: Part, plan: Plan) -> Iterator[Any]:
        table = ParquetTable(part.path, part.partition)
        _check_time(plan, table.names, part)
        for chunk in table.chunks(plan):
            self._read = part.size * table.done // table.rows
            yield chunk

    def _csv(self, part: Part, file: io.BufferedReader, plan: Plan) -> Iterator[Any]:
        try:
            table = CsvTable(unpacked(file, part), part.name)
        except (EOFError, OSError) as error:
            raise FileError(f"{part.name} is damaged: {error}") from None
        _check_time(plan, table.names, part)
        for chunk in table.chunks(plan):
            self._read = 0 if part.path == STDIN else min(file.tell(), part.size)
            yield chunk
        if table.recoded:
            self.notes.append(f"{part.name} is not UTF-8 throughout: the rest was read as Windows-1252")


def _check_time(plan: Plan, names: Sequence[str], part: Part) -> None:
    if plan.time is not None and plan.time.name not in names:
        known = ", ".join(printable(name, 30) for name in names[:10])
        raise FileError(f"{part.name} has no column {printable(plan.time.name, 60)!r} of times; it has {known}")

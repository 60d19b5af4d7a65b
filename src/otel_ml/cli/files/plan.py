"""How the columns of files are to be read: one plan for all files of a table."""

from __future__ import annotations

from collections.abc import Callable

from otel_ml.cli.files.csv_columns import ColumnType, CsvColumn
from otel_ml.cli.files.times import TimeColumn


class Plan:
    """What a command wants of a table's columns.

    Args:
        types: type of a column, where it is known; files that have types of their own need none.
        wanted: whether a column has to have values; those of others are null, and cost nothing.
        time: name of the column whose values become seconds since 1970.
        seconds: name of the column that these are put into, where that of times is wanted as it is, too; by default they
            take its place.
    """

    def __init__(
        self,
        types: Callable[[str], ColumnType | None] = lambda _: None,
        wanted: Callable[[str], bool] = lambda _: True,
        time: str | None = None,
        seconds: str | None = None,
    ) -> None:
        self.wanted = wanted
        self.time = None if time is None else TimeColumn(time)
        self.seconds = time if seconds is None else seconds
        self._types = types
        self._columns: dict[str, CsvColumn] = {}

    def csv_column(self, name: str) -> CsvColumn:
        """What turns the texts of a column into values, the same one for all files: only their dialects differ."""
        if name not in self._columns:
            self._columns[name] = CsvColumn(self._types(name))
        return self._columns[name]

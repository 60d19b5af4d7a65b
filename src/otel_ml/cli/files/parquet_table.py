"""A Parquet file as record batches, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.plan import Plan

ROWS: Final = 1 << 16
"""Rows of a batch."""

_BUFFER: Final = 1 << 20


class ParquetTable:
    """Reads one file.

    Args:
        path: of the file.
        partition: columns that its folder's name tells, and their value.

    Raises:
        FileError: It is damaged, or no Parquet file.
    """

    def __init__(self, path: str, partition: Mapping[str, Any] | None = None) -> None:
        self._path = path
        self._partition = dict(partition or {})
        try:
            # A buffer, so that memory does not grow with the size of the row groups.
            self._file = pa.parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=_BUFFER)
        except (pa.ArrowException, OSError) as error:
            raise FileError(f"{path} is no Parquet file that can be read: {_first_line(error)}") from None
        self.rows = self._file.metadata.num_rows
        own = tuple(self._file.schema_arrow.names)
        self.names = (*own, *(name for name in self._partition if name not in own))
        if len(set(own)) < len(own):
            raise FileError(f"{path} has two columns of one name")
        self.done = 0
        """Rows read so far."""

    def chunks(self, plan: Plan) -> Iterator[Any]:
        """Read it.

        Yields:
            Record batches; columns that are not wanted are all null.

        Raises:
            FileError: It is damaged.
        """
        time = None if plan.time is None else plan.time.name
        names = [name for name in self._file.schema_arrow.names if name == time or plan.wanted(name)]
        try:
            for batch in self._file.iter_batches(ROWS, columns=names):
                self.done += batch.num_rows
                yield self._complete(batch, plan)
        except (pa.ArrowException, OSError) as error:
            raise FileError(f"{self._path} is damaged: {_first_line(error)}") from None
        finally:
            self._file.close()

    def _complete(self, batch: Any, plan: Plan) -> Any:
        rows = batch.num_rows
        columns: dict[str, Any] = {}
        for name in self.names:
            if name in self._partition:
                columns[name] = pa.repeat(pa.scalar(self._partition[name]), rows)
            elif name in batch.schema.names:
                columns[name] = batch.column(name)
            else:
                columns[name] = pa.nulls(rows)
        if plan.time is not None and plan.time.name in columns:
            columns[plan.seconds or plan.time.name] = pa.array(plan.time.seconds(columns[plan.time.name]))
        return pa.RecordBatch.from_pydict(columns)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["damaged"])[0][:200]

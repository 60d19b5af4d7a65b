"""The files that a command line names, those of its folders one by one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.printable import printable

STDIN: Final = "-"

_CSV_NAMES: Final = (".csv", ".tsv", ".txt")
_PARQUET_NAMES: Final = (".parquet", ".pq")
_PACKED: Final = (".gz", ".bz2", ".xz", ".zip")
_HIDDEN: Final = (".", "_")


@dataclass(frozen=True, slots=True)
class Part:
    """One file.

    Attributes:
        path: of it, or `STDIN`.
        partition: columns that the names of its folders tell, and their values.
        size: in bytes.
    """

    path: str
    partition: dict[str, Any]
    size: int

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return "standard input" if self.path == STDIN else printable(self.path)


def parts_of(path: str) -> list[Part]:
    """All files of one argument.

    Raises:
        FileError: There are none, or they cannot be read.
    """
    if path == STDIN:
        return [Part(path, {}, 0)]
    if not os.path.isdir(path):
        return [Part(path, {}, _stat(path).st_size)]
    files = list(_visible(path))
    found = _parquet_parts(path, files) or _csv_parts(files)
    if not found:
        raise FileError(f"the folder {printable(path)} has no files that end in .parquet or .csv")
    return found


def _parquet_parts(folder: str, visible: list[Path]) -> list[Part]:
    import pyarrow as pa
    import pyarrow.dataset as ds

    files = _sizes(sorted(str(path) for path in visible if path.suffix in _PARQUET_NAMES))
    if not files:
        return []
    try:
        partitioning = ds.HivePartitioning.discover(infer_dictionary=False)
        table = ds.dataset(list(files), format="parquet", partitioning=partitioning, partition_base_dir=folder)
        fragments = {fragment.path: fragment for fragment in table.get_fragments()}
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise FileError(f"the folder {printable(folder)} cannot be read: {reason}") from None
    return [
        Part(path, ds.get_partition_keys(fragments[path].partition_expression), size) for path, size in files.items()
    ]


def _csv_parts(visible: list[Path]) -> list[Part]:
    files = sorted(path for path in visible if _bare(path).suffix in _CSV_NAMES)
    return [Part(path, {}, size) for path, size in _sizes(map(str, files)).items()]


def _bare(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in _PACKED else path


def _visible(folder: str) -> Iterator[Path]:
    """Files below a folder; engines hide their notes behind a dot or an underscore.

    Raises:
        FileError: A folder cannot be read: without its files the table would be another one.
    """
    for here, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        yield from (Path(here, name) for name in files if not name.startswith(_HIDDEN))


def _refuse(error: OSError) -> NoReturn:
    raise FileError(f"the folder {printable(error.filename)} cannot be read: {error.strerror}") from None


def _sizes(paths: Iterable[str]) -> dict[str, int]:
    """Bytes of those that are files: a pipe or a socket is none."""
    found = {path: _stat(path) for path in paths}
    return {path: status.st_size for path, status in found.items() if stat.S_ISREG(status.st_mode)}


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise FileError(f"{printable(path)} cannot be read: {error.strerror}") from None

"""The files that a command line names, those of its folders one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.printable import printable

STDIN: Final = "-"

_CSV_NAMES: Final = (".csv", ".tsv", ".txt")
_PARQUET_NAMES: Final = (".parquet", ".pq")
_PACKED: Final = (".gz", ".bz2", ".xz", ".zip")


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
        try:
            return [Part(path, {}, os.stat(path).st_size)]
        except OSError as error:
            raise FileError(f"{printable(path)} cannot be read: {error.strerror}") from None
    found = _parquet_parts(path) or _csv_parts(path)
    if not found:
        raise FileError(f"the folder {printable(path)} has no files that end in .parquet or .csv")
    return found


def _parquet_parts(folder: str) -> list[Part]:
    import pyarrow as pa
    import pyarrow.dataset as ds

    files = sorted(str(path) for path in _visible(folder) if path.suffix in _PARQUET_NAMES)
    if not files:
        return []
    try:
        partitioning = ds.HivePartitioning.discover(infer_dictionary=False)
        table = ds.dataset(files, format="parquet", partitioning=partitioning, partition_base_dir=folder)
        fragments = {fragment.path: fragment for fragment in table.get_fragments()}
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise FileError(f"the folder {printable(folder)} cannot be read: {reason}") from None
    return [
        Part(path, ds.get_partition_keys(fragments[path].partition_expression), os.stat(path).st_size) for path in files
    ]


def _csv_parts(folder: str) -> list[Part]:
    files = [path for path in _visible(folder) if _bare(path).suffix in _CSV_NAMES]
    return [Part(str(path), {}, path.stat().st_size) for path in sorted(files)]


def _bare(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in _PACKED else path


def _visible(folder: str) -> Iterator[Path]:
    """Files below a folder; engines hide their notes behind a dot or an underscore."""
    root = Path(folder)
    for path in root.rglob("*"):
        hidden = any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
        if path.is_file() and not hidden:
            yield path

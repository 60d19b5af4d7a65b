"""A progress bar for long files, for whom it does not disturb: on standard error, and on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from otel_ml.cli.files.tables import Files

T = TypeVar("T")

PATIENCE: Final = 1.0
"""Seconds before it shows: most files are done by then."""


def shown(chunks: Iterable[T], files: Files, task: str) -> Iterator[T]:
    """The same chunks, while a bar tells how far the files are read."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from chunks
        return
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True)
    bar = progress.add_task(task, total=files.size)
    try:
        for chunk in chunks:
            if time.monotonic() - began >= PATIENCE:
                progress.start()  # does nothing once it has started
            progress.update(bar, completed=files.done)
            yield chunk
    finally:
        progress.stop()

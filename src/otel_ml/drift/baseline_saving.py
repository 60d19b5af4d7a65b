"""Text into a file: whole or not at all, since others may read it at any moment."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def save_text(text: str, path: str | os.PathLike[str]) -> None:
    """Replaces a file, or what a link points to; a pipe or a device, such as ``/dev/stdout``, is written to.

    Raises:
        OSError: it can not be written; ``filename`` is `path`.
    """
    try:
        if _is_special(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None  # nobody has asked for another name
        raise


def _is_special(path: str | os.PathLike[str]) -> bool:
    """Whether replacing it would put a file in the place of what is none."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _replace(target: Path, text: str) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

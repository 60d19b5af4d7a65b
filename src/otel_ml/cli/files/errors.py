"""What is wrong with a file that a command is to read or write."""

from __future__ import annotations


class FileError(Exception):
    """A file that cannot be read or written; the message says what to do about it."""

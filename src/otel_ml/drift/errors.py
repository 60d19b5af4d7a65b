"""What is raised where the caller is to do something else."""

from __future__ import annotations


class BaselineError(ValueError):
    """A baseline that can not be made, read or used; the message says what to do."""


class CheckError(ValueError):
    """A table that can not be checked; the message says what to do."""

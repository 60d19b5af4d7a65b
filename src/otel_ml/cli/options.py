"""Options that several commands have."""

from __future__ import annotations

import csv
import sys
from itertools import chain
from typing import TYPE_CHECKING

import click

from otel_ml.cli.files.parts import STDIN

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline


def columns(context: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns: an option each, or several with commas between them, quoted as in CSV."""
    return tuple(name.strip() for name in chain.from_iterable(csv.reader(values)) if name.strip())


def load_baseline(path: str) -> Baseline:
    """The baseline in a file; ``-`` is standard input.

    Raises:
        BaselineError: There is none.
    """
    from otel_ml.drift import Baseline, BaselineError

    if path != STDIN:
        return Baseline.load(path)
    if sys.stdin is None or sys.stdin.isatty():
        raise BaselineError("there is no standard input: pipe a baseline into it")
    try:
        return Baseline.from_json(sys.stdin.buffer.read())
    except BaselineError as error:
        raise BaselineError(f"standard input: {error}") from None

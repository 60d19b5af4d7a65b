"""`otel-ml baseline diff`: what changed from one baseline to another."""

from __future__ import annotations

import sys

import click

from otel_ml.cli.options import load_baseline
from otel_ml.cli.outcome import FOUND, gate


@click.command()
@click.argument("earlier")
@click.argument("later")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.05,
    show_default=True,
    help="Total variation up to which a change does not matter.",
)
def diff(earlier: str, later: str, tolerance: float) -> None:
    """Say what changed from one baseline to another: features, kinds, nulls, categories, distributions.

    Exit status, as of diff: 0 nothing that matters, 1 something, 2 a file cannot be read.
    """
    with gate():
        from otel_ml.cli.baseline.compare import compare
        from otel_ml.cli.baseline.diff_text import DiffText
        from otel_ml.cli.terminal import show

        before, after = load_baseline(earlier), load_baseline(later)
        found = compare(before, after, tolerance)
        show(DiffText(before, after, found))
    sys.exit(FOUND if found.differs else 0)

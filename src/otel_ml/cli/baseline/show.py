"""`otel-ml baseline show`: a baseline for people."""

from __future__ import annotations

import click

from otel_ml.cli.options import load_baseline
from otel_ml.cli.outcome import gate


@click.command("show")
@click.argument("file")
def show_baseline(file: str) -> None:
    """Print a baseline: kinds, nulls, a small histogram a feature, and what looks suspicious."""
    with gate():
        from otel_ml.cli.baseline.text import BaselineText
        from otel_ml.cli.terminal import show

        show(BaselineText(load_baseline(file), file))

"""`otel-ml baseline`: what live traffic is compared with, in a file."""

from __future__ import annotations

import click

from otel_ml.cli.group import LazyGroup

COMMANDS = {
    "fit": ("otel_ml.cli.baseline.fit:fit", "Fit a baseline to training data, in one pass."),
    "show": ("otel_ml.cli.baseline.show:show_baseline", "Print a baseline for people."),
    "diff": ("otel_ml.cli.baseline.diff:diff", "Say what changed from one baseline to another."),
    "rules": ("otel_ml.cli.baseline.rules:rules", "Write a baseline as constant Prometheus recording rules."),
}
"""Name of each command: where it is, and its line in the group's help."""


@click.group(cls=LazyGroup, lazy=COMMANDS)
def baseline() -> None:
    """Fit a baseline to training data; show it, compare two, export it."""

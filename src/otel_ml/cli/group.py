"""Groups of commands; each command is imported when it is run, so that help is there at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from otel_ml.cli.outcome import INTERRUPTED, fail
from otel_ml.version import __version__

COMMANDS = {
    "doctor": (
        "otel_ml.cli.doctor:doctor",
        "Say what is instrumented, where each signal goes, and whether it arrives.",
    ),
    "tail": ("otel_ml.cli.tail.command:tail", "Print predictions as services send them over OTLP."),
    "baseline": (
        "otel_ml.cli.baseline.group:baseline",
        "Fit a baseline to training data; show it, compare two, export it.",
    ),
    "check": ("otel_ml.cli.check.command:check", "Compare a file with a baseline; exit status 1 when it drifts."),
}
"""Name of each command: where it is, and its line in the group's help."""


class LazyGroup(click.Group):
    """A group that knows its commands by name.

    Args:
        lazy: Name of each command, in order: ``module:attribute``, and its line in the group's help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._lazy)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Imports a command."""
        if name not in self._lazy:
            return None
        module, _, attribute = self._lazy[name][0].partition(":")
        command: Any = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def invoke(self, context: click.Context) -> Any:
        """Runs a command. Ctrl-C while it is still being imported is not to look like something that was found."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            fail("interrupted", INTERRUPTED)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._lazy.items()])


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="otel-ml", message="%(prog)s %(version)s")
def cli() -> None:
    """OpenTelemetry for model predictions."""

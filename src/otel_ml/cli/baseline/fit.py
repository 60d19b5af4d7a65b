"""`otel-ml baseline fit`: training data of any size into a few kilobytes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from otel_ml.cli.options import columns
from otel_ml.cli.outcome import gate, write
from otel_ml.cli.printable import printable

_OURS: Final = "baseline: "


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--output", "-o", required=True, metavar="FILE", help="Where to write it; - is standard output.")
@click.option("--model", metavar="NAME", help="Name of the model.")
@click.option("--version", metavar="V", help="Version of the model.")
@click.option("--target", metavar="COLUMN", help="Labels: no feature, and used to find features that give them away.")
@click.option("--prediction", metavar="COLUMN", help="What the model predicted for these rows.")
@click.option("--score", metavar="COLUMN", help="The score of its prediction.")
@click.option(
    "--probabilities",
    multiple=True,
    callback=columns,
    metavar="COLUMN",
    help="Class probabilities: no features; their entropy is watched. May be repeated.",
)
@click.option("--time", metavar="COLUMN", help="Times of the rows: tell how blocky traffic is; no feature.")
@click.option("--ordered", is_flag=True, help="Rows are in order of time, though no column tells it.")
@click.option(
    "--categorical",
    multiple=True,
    callback=columns,
    metavar="COLUMN",
    help="Whose values are categories whatever they look like; may be repeated.",
)
@click.option("--exclude", multiple=True, callback=columns, metavar="COLUMN", help="To leave out; may be repeated.")
@click.option("--bins", type=click.IntRange(2, 40), default=20, show_default=True, help="About how many a feature has.")
def fit(
    files: tuple[str, ...],
    output: str,
    model: str | None,
    version: str | None,
    target: str | None,
    prediction: str | None,
    score: str | None,
    probabilities: tuple[str, ...],
    time: str | None,
    ordered: bool,
    categorical: tuple[str, ...],
    exclude: tuple[str, ...],
    bins: int,
) -> None:
    """Fit a baseline to CSV or Parquet files, folders of them, or CSV from standard input (-).

    One pass, in memory that does not grow with the rows. Prints the kinds that were inferred and what looks suspicious.
    A file that is there is replaced, whole or not at all. The privacy policy holds as in the service. Exit status: 0 it is
    written, 2 bad usage or a file that cannot be read.
    """
    with gate():
        found = _fit(
            files,
            model=model,
            version=version,
            target=target,
            prediction=prediction,
            score=score,
            probabilities=probabilities,
            time=time,
            ordered=ordered,
            categorical=categorical,
            exclude=exclude,
            bins=bins,
        )
        if output == "-":
            write(found.to_json())
            return
        found.save(output)
        _print(found, output)


def _fit(files: tuple[str, ...], *, time: str | None, **options: Any) -> Any:
    from otel_ml.baselines import Baseline
    from otel_ml.cli.files.plan import Plan
    from otel_ml.cli.files.tables import Files
    from otel_ml.cli.progress import shown

    texts = frozenset(options["categorical"])
    left_out = frozenset(options["exclude"])
    plan = Plan(lambda name: "text" if name in texts else None, lambda name: name not in left_out, time)
    source = Files(files)
    with _warnings_as_notes():
        baseline = Baseline.fit(shown(source.chunks(plan), source, "fitting"), time=time, **options)
    for note in source.notes:
        click.echo(f"note: {note}", err=True)
    return baseline


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Says what the fit warns of in a line each, without the place in the code that a program needs."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for warning in caught:
        text = str(warning.message)
        if text.startswith(_OURS):
            click.echo(f"note: {printable(text.removeprefix(_OURS))}", err=True)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _print(found: Any, path: str) -> None:
    from otel_ml.cli.baseline.text import BaselineText
    from otel_ml.cli.terminal import show

    show(BaselineText(found, path))

"""`otel-ml check`: a file through the same engine as a stream."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from otel_ml.cli.check.params import duration, thresholds
from otel_ml.cli.files.parts import STDIN
from otel_ml.cli.options import columns, load_baseline
from otel_ml.cli.outcome import FOUND, gate, write

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.report import Report

_REFERENCES = {"baseline": "baseline", "previous": "previous", "last-week": "last_week"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--baseline", "baseline_path", required=True, metavar="FILE", help="What to compare with; - is standard input."
)
@click.option("--time", metavar="COLUMN", help="Times of the rows: steps are windows of time then.")
@click.option("--window", callback=duration, metavar="LENGTH", help="Of a step: 1h (the default), 30m, 1d, or seconds.")
@click.option("--rows-per-step", type=click.IntRange(1), metavar="N", help="Rows of a step, for a file without times.")
@click.option("--prediction", metavar="COLUMN", help="What the model predicted, if its name is not the baseline's.")
@click.option("--score", metavar="COLUMN", help="The score of its prediction, likewise.")
@click.option(
    "--probabilities",
    multiple=True,
    callback=columns,
    metavar="COLUMN",
    help="Class probabilities, for their entropy; may be repeated.",
)
@click.option("--id", "ids", metavar="COLUMN", help="Of the predictions: examples are these and no numbers of rows.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.05,
    show_default=True,
    help="Total variation up to which a shift does not matter.",
)
@click.option(
    "--false-alarms-per-week",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="How many the whole model may raise when nothing drifts.  [default: 1]",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True),
    help="Instead, the false alarms per step.",
)
@click.option("--reference", type=click.Choice(list(_REFERENCES)), default="baseline", show_default=True)
@click.option(
    "--threshold",
    "limits",
    callback=thresholds,
    multiple=True,
    metavar="STATISTIC=LIMIT",
    help="A fixed limit instead of the alarm on distributions, such as psi=.2; may be repeated.",
)
@click.option("--output", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["alarm", "violation", "none"]),
    default="alarm",
    show_default=True,
    help="What gives exit status 1; violation includes alarm.",
)
def check(
    files: tuple[str, ...],
    baseline_path: str,
    time: str | None,
    window: float | None,
    rows_per_step: int | None,
    prediction: str | None,
    score: str | None,
    probabilities: tuple[str, ...],
    ids: str | None,
    tolerance: float,
    false_alarms_per_week: float | None,
    alpha: float | None,
    reference: str,
    limits: dict[str, float],
    output: str,
    fail_on: str,
) -> None:
    """Compare CSV or Parquet files, folders of them, or CSV from standard input (-) with a baseline.

    Without --time and --rows-per-step all rows are one window. Exit status: 0 nothing drifts, 1 an alarm,
    2 bad usage or a file that cannot be read.
    """
    if time is not None and rows_per_step is not None:
        raise click.UsageError("--time and --rows-per-step exclude each other")
    if window is not None and time is None:
        raise click.UsageError("--window needs --time, the column that holds the times of the rows")
    if alpha is not None and false_alarms_per_week is not None:
        raise click.UsageError("--alpha and --false-alarms-per-week exclude each other")
    if reference != "baseline" and time is None and rows_per_step is None:
        raise click.UsageError(f"--reference {reference} needs steps: give --time or --rows-per-step")
    if reference == "last-week" and time is None:
        raise click.UsageError("--reference last-week needs --time")
    if baseline_path == STDIN and STDIN in files:
        raise click.UsageError("the baseline and the rows cannot both come from standard input")
    settings: dict[str, Any] = {
        "rows_per_step": rows_per_step,
        "tolerance": tolerance,
        "alpha": alpha,
        "reference": _REFERENCES[reference],
        "thresholds": limits,
    }
    if time is not None:
        settings["window"] = 3_600.0 if window is None else window
    if false_alarms_per_week is not None:
        settings["false_alarms_per_week"] = false_alarms_per_week
    roles = {"time": time, "prediction": prediction, "score": score, "probabilities": probabilities, "ids": ids}
    with gate():
        found, baseline = _run(files, baseline_path, roles, settings)
        _print(found, baseline, output, "row" if ids is None else ids)
    sys.exit(FOUND if _fails(found, fail_on) else 0)


def _run(files: tuple[str, ...], path: str, roles: dict[str, Any], settings: dict[str, Any]) -> tuple[Report, Baseline]:
    from otel_ml.cli.check.expected import Expected
    from otel_ml.cli.files.tables import Files
    from otel_ml.cli.progress import shown
    from otel_ml.drift.checking import check as run
    from otel_ml.drift.settings import Settings

    try:
        Settings(**settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    baseline = load_baseline(path)
    source = Files(files)
    expected = Expected(baseline, **roles)
    chunks = expected.columns(shown(source.chunks(expected.plan), source, "checking"))
    roles = {**roles, "time": expected.time}
    report = run(chunks, replace(baseline, treated={}), **roles, **settings)  # what is to be done to values is done
    return replace(report, notes=(*report.notes, *expected.notes, *source.notes)), baseline


def _print(report: Report, baseline: Baseline, output: str, unit: str) -> None:
    """Prints it; `unit` is what examples are numbers or names of."""
    if output == "json":
        from otel_ml.cli.check.json_text import json_text

        write(json_text(report.to_dict()))
    elif output == "html":
        from otel_ml.cli.check.html import page

        write(page(report, baseline, unit))
    else:
        from otel_ml.cli.check.text import CheckText
        from otel_ml.cli.terminal import show

        show(CheckText(report, baseline, unit))


def _fails(report: Report, fail_on: str) -> bool:
    if fail_on == "none":
        return False
    if report.alarm or fail_on == "alarm":
        return report.alarm
    variables = (*report.features, *report.predictions)
    return bool(report.missing) or any(sum(variable.violations.values()) for variable in variables)

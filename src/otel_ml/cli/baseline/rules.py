"""`otel-ml baseline rules`: a baseline as series that Prometheus has by itself, without any process that exports them."""

from __future__ import annotations

import click

from otel_ml.cli.options import load_baseline
from otel_ml.cli.outcome import gate, write


@click.command()
@click.argument("file")
@click.option("--output", "-o", metavar="FILE", help="Where to write them; standard output (-) by default.")
@click.option("--model", metavar="NAME", help="Name of the model, where the baseline has none, or another.")
@click.option("--version", metavar="V", help="Version of the model, likewise.")
def rules(file: str, output: str | None, model: str | None, version: str | None) -> None:
    """Write a baseline as constant Prometheus recording rules.

    They are the series ml_feature_baseline_observations and ml_prediction_baseline_observations, one a bin: what queries
    divide the live counts by. Name and version must be those that the service reports.
    """
    with gate():
        from dataclasses import replace

        from otel_ml.cli.baseline.prometheus_rules import rules_text
        from otel_ml.drift.baseline_saving import save_text

        baseline = load_baseline(file)
        baseline = replace(baseline, model=model or baseline.model, version=version or baseline.version)
        if baseline.model is None:
            raise click.UsageError(f"{file} does not say of which model it is: give --model")
        text = rules_text(baseline)
        if output is None or output == "-":
            write(text)
        else:
            save_text(text, output)

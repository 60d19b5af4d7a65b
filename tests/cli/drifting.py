"""Tables that drift in ways that are known, their baseline, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from otel_ml.cli.group import cli
from otel_ml.drift.baseline import Baseline

HOUR = 3_600
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "check.schema.json").read_text(encoding="utf-8"))
START = 1_357_000_000 // HOUR * HOUR


def table(rows: int = 20_000, *, seed: int = 0, shift: float = 0.0, nulls: float = 0.0, new: float = 0.0) -> Any:
    """An arrow table: `age` is shifted by so many standard deviations, `income` has so many nulls, `plan` a new category."""
    random = np.random.default_rng(seed)
    plans = random.choice(["basic", "pro", "team"], rows, p=[0.5, 0.3, 0.2])
    income = random.lognormal(10, 1, rows).round(2)
    return pa.table(
        {
            "at": pa.array((START + np.arange(rows) * 36) * 1_000_000, pa.timestamp("us")),
            "age": random.normal(40 + 10 * shift, 10, rows).round(1),
            "income": pa.array(income, mask=random.random(rows) < nulls),
            "plan": np.where(random.random(rows) < new, "family", plans),
        }
    )


def save(content: Any, path: Path) -> str:
    """As CSV or Parquet, by the name."""
    (pq.write_table if path.suffix == ".parquet" else pa.csv.write_csv)(content, path)
    return str(path)


def fitted(folder: Path, content: Any | None = None) -> str:
    """The path of a baseline of a table without drift."""
    path = folder / "baseline.json"
    Baseline.fit(table() if content is None else content, time="at", model="churn", version="3").save(path)
    return str(path)


def run(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str | None] | None = None) -> Result:
    """Run `otel-ml`; what it prints is in `stdout` and `stderr`."""
    result = CliRunner().invoke(cli, [*arguments], input=stdin, env=env, prog_name="otel-ml")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def report(*arguments: str) -> Any:
    """What `otel-ml check --output json` prints, which the schema describes."""
    found = json.loads(run("check", *arguments, "--output", "json").stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def by_name(found: Any) -> dict[str, Any]:
    """The features of a report."""
    return {variable["name"]: variable for variable in found["features"]}

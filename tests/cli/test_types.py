"""A table is the same table as CSV and as Parquet, whatever types its columns have: no value changes its kind on the way."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.cli.drifting import run, save

ROWS = 4_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    day = datetime.datetime(2026, 1, 1)
    content = pa.table(
        {
            "number": random.normal(size=ROWS),
            "whole": random.integers(0, 1_000, ROWS),
            "holes": pa.array(random.normal(size=ROWS), mask=random.random(ROWS) < 0.2),
            "code": random.integers(0, 5, ROWS),
            "zip": [f"{number:05d}" for number in random.integers(0, 30, ROWS)],
            "flag": random.random(ROWS) < 0.4,
            "maybe": pa.array(random.random(ROWS) < 0.4, mask=random.random(ROWS) < 0.1),
            "when": [day + datetime.timedelta(minutes=int(minutes)) for minutes in random.integers(0, 100_000, ROWS)],
            "name": random.choice(["Åse", "a,b", 'say "x"', "two\nlines"], ROWS),
            "empty": pa.nulls(ROWS, pa.string()),
            "one": ["same"] * ROWS,
            "customer": [f"customer-{index:07d}" for index in range(ROWS)],
            "comment": [
                " ".join(random.choice(["good", "bad", "slow", "never again"], 6)) + f" {i}" for i in range(ROWS)
            ],
        }
    )
    folder = tmp_path_factory.mktemp("types")
    for kind in ("csv", "parquet"):
        data = save(content, folder / f"data.{kind}")
        done = run("baseline", "fit", data, "--categorical", "code", "-o", str(folder / f"{kind}.json"))
        assert done.exit_code == 0, done.stderr
    return folder


@pytest.mark.parametrize("fitted", ["csv", "parquet"])
@pytest.mark.parametrize("checked", ["csv", "parquet"])
def test_what_was_fitted_does_not_differ_from_itself(folder: Path, fitted: str, checked: str) -> None:
    data, baseline = str(folder / f"data.{checked}"), str(folder / f"{fitted}.json")
    done = run("check", data, "--baseline", baseline, "--fail-on", "violation", "--output", "json")
    assert done.exit_code == 0, run("check", data, "--baseline", baseline).stdout
    for variable in json.loads(done.stdout)["features"]:
        assert variable["violations"] == {}
        assert variable["null_ratio"] == variable["baseline_null_ratio"]
        if "." not in variable["name"]:  # what is derived from a text is fitted on a part of the rows
            assert variable["scores"]["total_variation"] in (0.0, None)


def test_both_files_have_the_same_kinds(folder: Path) -> None:
    found = [json.loads((folder / f"{kind}.json").read_text()) for kind in ("csv", "parquet")]
    kinds = [{variable["name"]: variable["kind"] for variable in one["variables"]} for one in found]
    assert kinds[0] == kinds[1]
    assert kinds[0]["code"] == kinds[0]["zip"] == kinds[0]["name"] == "categorical"
    assert kinds[0]["flag"] == kinds[0]["maybe"] == "boolean"
    assert kinds[0]["when"] == "datetime"

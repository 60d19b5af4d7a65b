"""Which columns of a file `otel-ml check` compares, and what it says of the others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from otel_ml.drift.baseline import Baseline
from tests.cli.drifting import by_name, fitted, report, run, save, table


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fitted(tmp_path_factory.mktemp("baseline"))


@pytest.mark.parametrize("rows", [1, 2, 5_000])
def test_a_file_of_something_else_is_refused(baseline: str, tmp_path: Path, rows: int) -> None:
    path = save(pa.table({"x": range(rows), "\x1b[2J": range(rows)}), tmp_path / "other.csv")
    done = run("check", path, "--baseline", baseline)
    assert done.exit_code == 2
    assert "no column is one of the baseline, which has 'age', 'income', 'plan'" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_file_without_a_single_time_is_refused(baseline: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("at,age\n,41\n,42\n")
    done = run("check", str(tmp_path / "t.csv"), "--baseline", baseline, "--time", "at")
    assert done.exit_code == 2
    assert done.stderr.startswith("otel-ml: no row has an event time")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_ids_are_the_examples(baseline: str, tmp_path: Path, kind: str) -> None:
    content = table(5_000, seed=1, shift=1).append_column("order", pa.array([f"0{row}" for row in range(5_000)]))
    path = save(content, tmp_path / f"ids.{kind}")
    found = report(path, "--baseline", baseline, "--id", "order")
    assert found["extra"] == ["at"]
    examples = by_name(found)["age"]["examples"]
    assert examples
    assert all(re.fullmatch(r"0\d+", example) for example in examples)
    assert f"such as order {examples[0]}, " in run("check", path, "--baseline", baseline, "--id", "order").stdout
    page = run("check", path, "--baseline", baseline, "--id", "order", "--output", "html").stdout
    assert f"such as order {examples[0]}, " in page
    missing = run("check", path, "--baseline", baseline, "--id", "number")
    assert missing.exit_code == 2
    assert "there is no column 'number'" in missing.stderr


@pytest.mark.filterwarnings("ignore:baseline")
@pytest.mark.parametrize("window", ["1h", "1w"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("unit", ["us", "ms"])
def test_a_time_that_is_a_feature_is_compared_as_it_is(tmp_path: Path, unit: str, kind: str, window: str) -> None:
    """As seconds it would be of another type than the dates of the training data, or a thousandth of its numbers."""
    content = table(10_000)
    if unit == "ms":
        content = content.set_column(0, "at", content["at"].cast(pa.timestamp("ms")).cast(pa.int64()))
    path = str(tmp_path / "baseline.json")
    Baseline.fit(content, projections=False).save(path)
    same = save(content.slice(2_000, 3_000), tmp_path / f"same.{kind}")
    found = report(same, "--baseline", path, "--time", "at", "--window", window)
    assert found["alarm"] is False
    assert found["extra"] == []
    at = by_name(found)["at"]
    assert at["violations"] == {}
    assert sum(one["rows"] for one in at["bins"]) == at["rows"]
    assert found["steps"] > 1 or window == "1w"


def test_a_time_may_be_the_id(baseline: str, tmp_path: Path) -> None:
    path = save(table(5_000, seed=1, shift=1), tmp_path / "t.csv")
    found = report(path, "--baseline", baseline, "--time", "at", "--id", "at")
    assert by_name(found)["age"]["examples"][0].startswith("2013-01-")


def test_the_policy_holds_for_ids(baseline: str, tmp_path: Path) -> None:
    content = table(3_000, shift=1).append_column("email", pa.array([f"ann{row}@example.com" for row in range(3_000)]))
    arguments = ("check", save(content, tmp_path / "ids.csv"), "--baseline", baseline, "--id", "email")
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "does not let 'email' out" in refused.stderr
    env = {"OTEL_ML_FEATURE_ACTIONS": "email=hash", "OTEL_ML_HASH_KEY": "k" * 32}
    hashed = run(*arguments, env=env)
    assert hashed.exit_code == 1
    assert re.search(r"such as email [0-9a-f]{16}, ", hashed.stdout)
    assert "example.com" not in hashed.stdout


def test_outputs_are_compared_wherever_they_stand(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ("guess", "sure", "p_no", "p,yes")
    path = tmp_path / "b.json"

    def outputs(rows: int, sharp: float) -> Any:
        yes = rng.beta(sharp, sharp, rows).round(4)
        columns = (np.where(yes > 0.5, "yes", "no"), np.maximum(yes, 1 - yes), 1 - yes, yes)
        return pa.table({"age": rng.normal(40, 10, rows), **dict(zip(names, columns, strict=True))})

    train = save(outputs(5_000, 2), tmp_path / "train.csv")
    probabilities = ("--probabilities", 'p_no,"p,yes"')
    roles = ("--prediction", "guess", "--score", "sure", *probabilities)
    assert run("baseline", "fit", train, *roles, "-o", str(path)).exit_code == 0
    kinds = {variable.name: variable.subject for variable in Baseline.load(path).variables}
    assert kinds == {"age": "feature", "prediction": "prediction", "score": "score", "entropy": "entropy"}
    live = outputs(5_000, 0.3)
    same, moved = (save(live.rename_columns(["age", *new]), tmp_path / f"{new[0]}.csv") for new in (names, "abcd"))
    for file, options in (
        (same, probabilities),
        (moved, ("--prediction", "a", "--score", "b", "--probabilities", "c", "--probabilities", "d")),
    ):
        found = report(file, "--baseline", str(path), *options)
        assert found["extra"] == found["notes"] == []
        alarms = {one["name"]: one["alarm"] for one in found["predictions"]}
        assert alarms == {"prediction": False, "score": True, "entropy": True}
    assert "name the columns of class probabilities" in run("check", same, "--baseline", str(path)).stdout


def test_names_that_differ_are_told(baseline: str, tmp_path: Path) -> None:
    path = save(table(3_000).rename_columns(["at", "Age", "income", "plan"]), tmp_path / "renamed.csv")
    found = report(path, "--baseline", baseline, "--time", "at")
    assert found["missing"] == ["age"]
    assert found["extra"] == ["Age"]
    assert by_name(found)["age"]["null_ratio"] == 1.0
    text = run("check", path, "--baseline", baseline, "--time", "at").stdout
    assert "missing, so all null: age" in text
    assert "'age' of the baseline seems to be 'Age' of the rows" in text
    assert run("check", path, "--baseline", baseline, "--fail-on", "violation").exit_code == 1


def test_a_file_all_in_capitals_is_refused_with_a_hint(baseline: str, tmp_path: Path) -> None:
    path = save(table(3_000).rename_columns(["AT", "AGE", "INCOME", "PLAN"]), tmp_path / "capitals.csv")
    done = run("check", path, "--baseline", baseline)
    assert done.exit_code == 2
    assert "; 'AGE' seems to be 'age'; 'INCOME' seems to be 'income'" in done.stderr


def test_the_policy_holds_for_files_as_in_the_fit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    content = pa.table(
        {
            "plan": random.choice(["basic", "pro"], 5_000),
            "sender": random.choice(["ann@example.com", "bob@example.com", "none"], 5_000),
            "eve@example.com": random.normal(size=5_000),
            "user.age": random.normal(size=5_000),
        }
    )
    path, found = save(content, tmp_path / "same.csv"), str(tmp_path / "b.json")
    env = {"OTEL_ML_FEATURE_ACTIONS": "plan=hash", "OTEL_ML_HASH_KEY": "k" * 32}
    assert run("baseline", "fit", path, "-o", found, env=env).exit_code == 0
    done = run("check", path, "--baseline", found, "--fail-on", "violation", "--output", "json", env=env)
    assert done.exit_code == 0, done.stdout
    shown = json.loads(done.stdout)
    assert "example.com" not in done.stdout + Path(found).read_text()
    assert "basic" not in Path(found).read_text()
    assert shown["missing"] == shown["extra"] == []
    assert "user.age" in by_name(shown)


def test_another_policy_than_in_the_fit_is_said_once(tmp_path: Path) -> None:
    path, found = save(table(5_000), tmp_path / "same.csv"), str(tmp_path / "b.json")
    env = {"OTEL_ML_FEATURE_ACTIONS": "plan=hash", "OTEL_ML_HASH_KEY": "k" * 32}
    assert run("baseline", "fit", path, "--time", "at", "-o", found, env=env).exit_code == 0
    arguments = ("check", path, "--baseline", found, "--output", "json")
    assert json.loads(run(*arguments, env=env).stdout)["notes"] == []
    other = run(*arguments, env={**env, "OTEL_ML_HASH_KEY": "x" * 32})
    assert other.exit_code == 1
    (note,) = json.loads(other.stdout)["notes"]
    assert "'plan' was hashed with another key" in note
    assert other.stderr == ""

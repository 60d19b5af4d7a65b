"""`otel-ml baseline`: fit, show, diff and rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from otel_ml.drift.baseline import Baseline
from otel_ml.monitoring.budget import Budget, Pool
from otel_ml.monitoring.tally import Tally
from otel_ml.semconv import attributes as names
from tests.cli.drifting import run, save, table
from tests.cli.process import PROGRAM
from tests.support.backends import find_binaries


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Fits through the command line; the path of the baseline."""
    folder = tmp_path_factory.mktemp("fit")

    def make(name: str, content: pa.Table | None = None, *options: str) -> str:
        path = folder / f"{name}.json"
        if not path.exists():
            data = save(table() if content is None else content, folder / f"{name}.csv")
            done = run("baseline", "fit", data, "--time", "at", "-o", str(path), *options)
            assert done.exit_code == 0, done.stderr
        return str(path)

    return make


def test_fit_writes_the_baseline_and_prints_what_it_took_for_what(tmp_path: Path) -> None:
    data, path = save(table(), tmp_path / "train.csv"), tmp_path / "churn.json"
    done = run("baseline", "fit", data, "--time", "at", "--model", "churn", "--version", "3", "-o", str(path))
    assert done.exit_code == 0
    found = Baseline.load(path)
    assert (found.model, found.version, found.rows) == ("churn", "3", 20_000)
    kinds = {variable.name: variable.kind for variable in found.variables if variable.subject == "feature"}
    assert kinds == {"age": "numeric", "income": "numeric", "plan": "categorical"}
    for name, kind in kinds.items():
        (line,) = (line for line in done.stdout.splitlines() if line.startswith(f"{name} "))
        assert kind in line
    assert found.id in done.stdout
    assert "2012-12-31 to 2013-01-09" in done.stdout or "2013-01-01 to 2013-01-09" in done.stdout


def test_csv_and_parquet_give_the_same_baseline(tmp_path: Path) -> None:
    ids = []
    for kind in ("csv", "parquet"):
        data, path = save(table(nulls=0.01), tmp_path / f"train.{kind}"), tmp_path / f"{kind}.json"
        assert run("baseline", "fit", data, "--time", "at", "-o", str(path)).exit_code == 0
        ids.append(Baseline.load(path).id)
    assert ids[0] == ids[1]


def test_columns_have_the_roles_they_are_given(tmp_path: Path) -> None:
    content = table(3_000)
    random = np.random.default_rng(1)
    for name in ("left", "guess", "confidence", "a,b"):
        content = content.append_column(name, pa.array(random.random(3_000).round(2)))
    path = tmp_path / "b.json"
    roles = ("--target", "left", "--prediction", "guess", "--score", "confidence", "--time", "at", "--bins", "5")
    more = ("--categorical", 'age,"a,b"', "--exclude", "income")
    done = run("baseline", "fit", save(content, tmp_path / "train.parquet"), *roles, *more, "-o", str(path))
    assert done.exit_code == 0, done.stderr
    found = {variable.name: variable for variable in Baseline.load(path).variables}
    assert {name: variable.subject for name, variable in found.items() if variable.subject != "multivariate"} == {
        "age": "feature",
        "plan": "feature",
        "a,b": "feature",
        "prediction": "prediction",
        "score": "score",
    }
    assert found["age"].kind == found["a,b"].kind == "categorical"
    assert len(found["score"].counts) <= 7


def test_what_the_fit_warns_of_is_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n" * 3_000 + "x\n")
    done = run("baseline", "fit", str(tmp_path / "t.csv"), "-o", str(tmp_path / "b.json"))
    assert done.exit_code == 0
    assert done.stderr == "note: a: 1 of 3,001 values is not of kind numeric\n"


def test_rows_are_in_order_of_time_only_if_told_so(tmp_path: Path) -> None:
    data = save(pa.table({"x": np.sort(np.random.default_rng(3).normal(size=5_000))}), tmp_path / "sorted.csv")
    path = tmp_path / "b.json"
    done = run("baseline", "fit", data, "-o", str(path))
    assert done.stderr.startswith(
        "note: rows are sorted or grouped: neighbours are alike in 1 of 1 column, such as 'x'"
    )
    assert Baseline.load(path).variables[0].overdispersion == 1.0
    done = run("baseline", "fit", data, "--ordered", "-o", str(path))
    assert done.stderr == ""
    assert Baseline.load(path).variables[0].overdispersion > 5


def test_what_an_alarm_bears_is_shown_where_it_is_more_than_was_set(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    days = np.arange(30 * 24 * 60) / 1_440
    content = {"at": days * 86_400, "temperature": rng.normal(size=len(days)) + 2 * np.sin(days * 2 * np.pi)}
    content |= {f"calm{place}": rng.normal(size=len(days)) for place in range(2)}
    data, path = save(pa.table(content), tmp_path / "train.parquet"), str(tmp_path / "b.json")
    fitted = run("baseline", "fit", data, "--time", "at", "-o", path).stdout
    shown = run("baseline", "show", path).stdout
    for text in (fitted, shown):
        line = next(line for line in text.splitlines() if "no alarm about less than" in line)
        assert float(line.removesuffix("%").split()[-1]) > 40
        assert text.count("no alarm about less than") == 1
    checked = run("check", data, "--baseline", path, "--time", "at").stdout
    assert re.search(
        r"note: the tolerance is larger than 5% for 1 variable, .*:\s+temperature\s+[4-9]\d%", checked, re.DOTALL
    )


def test_a_link_stays_one_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    data = save(table(500), tmp_path / "few.csv")
    (tmp_path / "latest.json").symlink_to("churn.json")
    assert run("baseline", "fit", data, "-o", str(tmp_path / "latest.json")).exit_code == 0
    assert (tmp_path / "latest.json").is_symlink()
    assert Baseline.load(tmp_path / "churn.json").rows == 500
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        assert run("baseline", "fit", data, "-o", str(tmp_path / "pipe")).exit_code == 0
        assert Baseline.from_json(reader.communicate(timeout=60)[0]).rows == 500
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("output", ["/dev/full", "no/b.json", "."])
def test_what_cannot_be_written_is_said(tmp_path: Path, output: str) -> None:
    done = run("baseline", "fit", save(table(500), tmp_path / "few.csv"), "-o", output)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"otel-ml: {output}: ")
    assert done.stderr.count("\n") == 1


def test_one_row_is_one_row(tmp_path: Path) -> None:
    data = save(table(1), tmp_path / "one.csv")
    path = str(tmp_path / "b.json")
    said = run("baseline", "fit", data, "--time", "at", "-o", path).stdout
    assert "1 row, " in said
    for output in ("text", "html", "json"):
        said += run("check", data, "--baseline", path, "--output", output).stdout
    assert "1 value is too few" in said
    assert "the baseline has 1 row: below 2,000" in said
    assert not re.search(r"\b1 (rows|values|variables|fields|features)\b", said)


def test_the_policy_holds_in_the_fit(tmp_path: Path) -> None:
    content = pa.table({"email": [f"ann{i}@example.com" for i in range(3_000)], "age": range(3_000)})
    path = tmp_path / "b.json"
    done = run("baseline", "fit", save(content, tmp_path / "train.csv"), "-o", str(path))
    assert done.exit_code == 0
    assert "example.com" not in path.read_text() + done.stdout
    assert {v.name: v.kind for v in Baseline.load(path).variables if v.subject == "feature"}["email"] == "masked"


def test_few_rows_are_said_to_raise_no_alarm(tmp_path: Path) -> None:
    done = run("baseline", "fit", save(table(500), tmp_path / "few.csv"), "-o", str(tmp_path / "b.json"))
    assert done.exit_code == 0
    assert "fewer than 2,000 rows: drift is scored, and raises no alarm" in done.stdout


def test_what_looks_suspicious_is_said(tmp_path: Path) -> None:
    rows = 4_000
    random = np.random.default_rng(0)
    label = random.random(rows) < 0.3
    content = pa.table(
        {
            "constant": np.ones(rows),
            "customer": [f"c-{i:06d}" for i in range(rows)],
            "leak": label.astype(float) + random.normal(0, 0.01, rows),
            "honest": random.normal(size=rows),
            "left": label,
        }
    )
    path = str(tmp_path / "b.json")
    done = run("baseline", "fit", save(content, tmp_path / "train.csv"), "--target", "left", "-o", path)
    shown = run("baseline", "show", path)
    assert shown.exit_code == 0
    for text in (done.stdout, shown.stdout):
        lines = text.splitlines()
        for name in ("constant", "customer", "leak"):
            (index,) = (index for index, line in enumerate(lines) if line.startswith(f"{name} "))
            assert lines[index + 1].startswith("    ")
        (index,) = (index for index, line in enumerate(lines) if line.startswith("honest "))
        assert not lines[index + 1].startswith("    ")


def test_a_column_without_any_value_is_empty_and_not_masked(tmp_path: Path) -> None:
    content = pa.table({"x": np.arange(3_000) % 7, "never": pa.nulls(3_000, pa.float64()), "email": ["a@b.de"] * 3_000})
    path = str(tmp_path / "b.json")
    shown = run("baseline", "fit", save(content, tmp_path / "train.parquet"), "-o", path).stdout
    kinds = {words[0]: words[1] for words in map(str.split, shown.splitlines()) if len(words) > 2}
    assert (kinds["never"], kinds["email"]) == ("empty", "masked")


def test_the_file_may_go_to_standard_output(tmp_path: Path) -> None:
    data = save(table(3_000), tmp_path / "train.csv")
    done = run("baseline", "fit", "-", "--time", "at", "-o", "-", stdin=Path(data).read_bytes())
    assert done.exit_code == 0
    assert Baseline.from_json(done.stdout).rows == 3_000


def test_a_fit_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text("old")
    (tmp_path / "broken.csv").write_text("a,b\n" + "1,2\n" * 5_000 + "3\n")
    done = run("baseline", "fit", str(tmp_path / "broken.csv"), "-o", str(path))
    assert done.exit_code == 2
    assert "row 5,002" in done.stderr
    assert path.read_text() == "old"
    assert run("baseline", "fit", save(table(100), tmp_path / "a.csv"), "-o", str(path)).exit_code == 0
    assert Baseline.load(path).rows == 100
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.csv", "b.json", "broken.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "nope"], "there is no column 'nope'"),
        (["--time", "nope"], "no column 'nope' of times"),
        (["--bins", "1"], "is not in the range"),
        (["-o", "/no/such/folder/b.json"], "No such file or directory"),
    ],
)
def test_what_cannot_be_fitted_has_status_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    data = save(table(100), tmp_path / "a.csv")
    done = run("baseline", "fit", data, "-o", str(tmp_path / "b.json"), *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_configuration_is_said(tmp_path: Path) -> None:
    data = save(table(100), tmp_path / "a.csv")
    done = run("baseline", "fit", data, "-o", str(tmp_path / "b.json"), env={"OTEL_ML_CAPTURE": "everything"})
    assert done.exit_code == 2
    assert "OTEL_ML_CAPTURE" in done.stderr
    assert "Traceback" not in done.stderr


def test_baselines_of_one_source_do_not_differ(fit: Callable[..., str]) -> None:
    first, second = fit("first"), fit("second", table(7_000, seed=9))
    same = run("baseline", "diff", first, first)
    assert (same.exit_code, same.stdout) == (0, "the same baseline\n")
    alike = run("baseline", "diff", first, second)
    assert alike.exit_code == 0, alike.stdout
    assert "nothing changed that matters" in alike.stdout


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (table(seed=1, shift=0.5), "! age"),
        (table(seed=1, nulls=0.01), "! income"),
        (table(seed=1, new=0.05), "new: family"),
        (table(seed=1).drop_columns(["plan"]), "removed: plan"),
        (table(seed=1).append_column("more", pa.array(range(20_000))), "added: more"),
        (table(seed=1).set_column(1, "age", pa.array(["young", "old"] * 10_000)), "kind: numeric → categorical"),
    ],
)
def test_what_changed_is_said_with_status_1(fit: Callable[..., str], changed: pa.Table, says: str) -> None:
    name = says.replace(" ", "_").replace(":", "").replace("→", "to")
    done = run("baseline", "diff", fit("first"), fit(name, changed))
    assert done.exit_code == 1, done.stdout
    assert says in done.stdout


def test_names_that_came_and_went_are_told_without_the_others(fit: Callable[..., str]) -> None:
    one = fit("one", table(seed=1).drop_columns(["plan", "income"]))
    two = fit("two", table(seed=1).drop_columns(["plan"]))
    more = run("baseline", "diff", one, two).stdout.splitlines()
    assert more[0].startswith("variables: ")
    assert "changed" not in more[0]
    assert any(line.startswith("added: income") for line in more)
    assert not any("distance" in line for line in more)
    other = run("baseline", "diff", two, fit("other", table(seed=1).drop_columns(["age", "income"])))
    assert other.exit_code == 1
    assert other.stdout.splitlines()[0] == "variables: 1 added, 2 removed"
    assert "distance" not in other.stdout


def test_the_tolerance_of_a_diff_can_be_set(fit: Callable[..., str]) -> None:
    changed = fit("!_age", table(seed=1, shift=0.5))
    assert run("baseline", "diff", fit("first"), changed, "--tolerance", ".4").exit_code == 0
    assert run("baseline", "diff", fit("first"), "no.json").exit_code == 2


def test_rules_are_the_counts_of_the_baseline(fit: Callable[..., str], tmp_path: Path) -> None:
    path = fit("first", None)
    target = tmp_path / "rules.yml"
    done = run("baseline", "rules", path, "--model", "churn", "--version", "3", "-o", str(target))
    assert (done.exit_code, done.stdout) == (0, "")
    (group,) = yaml.safe_load(target.read_text())["groups"]
    found = Baseline.load(path)
    plan = next(variable for variable in found.variables if variable.name == "plan")
    values = {
        rule["labels"]["ml_feature_bin"]: rule["expr"]
        for rule in group["rules"]
        if rule["labels"].get("ml_feature_name") == "plan"
    }
    counts = [f"vector({count})" for count in plan.counts]
    assert values == {"null": "vector(0)", "00": counts[0], "01": counts[1], "02": counts[2], "other": counts[3]}
    for rule in group["rules"]:
        assert rule["record"] == "ml_feature_baseline_observations"
        known = {"ml_model_name": "churn", "ml_model_version": "3", "ml_baseline_id": found.id}
        assert known.items() <= rule["labels"].items()


def test_rules_are_the_series_that_the_service_counts(tmp_path: Path) -> None:
    content = table(3_000)
    for name, values in (
        ("email", ["x"] * 3_000),
        ("sku", [f"s{i % 500}" for i in range(3_000)]),
        ("guess", range(3_000)),
    ):
        content = content.append_column(name, pa.array(values))
    path = tmp_path / "b.json"
    done = run("baseline", "fit", save(content, tmp_path / "a.csv"), "--prediction", "guess", "-o", str(path))
    assert done.exit_code == 0
    (group,) = yaml.safe_load(run("baseline", "rules", str(path), "--model", "m").stdout)["groups"]
    rules = {tuple(sorted(rule["labels"].items())) for rule in group["rules"]}
    assert len(rules) == len(group["rules"])

    baseline = Baseline.load(path)
    assert any(variable.shared for variable in baseline.variables)
    common = {names.ML_MODEL_NAME: "m", names.ML_BASELINE_ID: baseline.id}
    called = tuple(variable.name.replace(".", "_") for variable in baseline.variables)
    tally = Tally(baseline, common, called, frozenset(), Budget(Pool(1_000, 10_000)))
    live = [series for series, _ in (*tally.features(), *tally.outputs())]
    assert rules == {tuple(sorted((key.replace(".", "_"), text) for key, text in series.items())) for series in live}


def test_rules_need_the_name_of_the_model(fit: Callable[..., str]) -> None:
    done = run("baseline", "rules", fit("first"))
    assert done.exit_code == 2
    assert "give --model" in done.stderr


@pytest.mark.backends
def test_prometheus_takes_the_rules_whatever_the_names(tmp_path: Path) -> None:
    promtool = find_binaries() / "promtool"
    columns_named = ["a.b", "a b", 'quo"te', "back\\slash", "{{ $x }}", "東京", "new\nline", "true", "1e3"]
    columns = {name: np.arange(100) % 7 for name in columns_named}
    path, rules = tmp_path / "b.json", tmp_path / "rules.yml"
    outputs = {"guess": np.arange(100) % 2, "sure": np.arange(100) / 100}
    Baseline.fit({**columns, **outputs}, prediction="guess", score="sure", model='m"{{', version="1").save(path)
    assert run("baseline", "rules", str(path), "-o", str(rules)).exit_code == 0
    checked = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    test = {
        "rule_files": [str(rules)],
        "tests": [
            {
                "promql_expr_test": [
                    {
                        "expr": 'sum(ml_feature_baseline_observations{ml_feature_name="a_b"})',
                        "eval_time": "1m",
                        "exp_samples": [{"labels": "{}", "value": 100}],
                    },
                    {
                        "expr": 'sum(ml_prediction_baseline_observations{ml_drift_subject="score"})',
                        "eval_time": "1m",
                        "exp_samples": [{"labels": "{}", "value": 100}],
                    },
                ]
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))
    tested = subprocess.run(
        [promtool, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_commands_are_there_without_loading_the_engine() -> None:
    code = (
        "import sys; from otel_ml.cli import main\ntry: main()\nfinally: print({'numpy', 'pyarrow'} & {*sys.modules})"
    )
    done = subprocess.run(
        [PROGRAM[0], "-c", code, "baseline", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
    assert all(name in done.stdout for name in ("fit", "show", "diff", "rules"))

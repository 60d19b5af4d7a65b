"""`otel-ml check`: a gate for files, by its exit status, its text and its JSON."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from otel_ml.drift.report import Bin, Moment, Report, VariableReport
from tests.cli.drifting import SCHEMA, START, by_name, fitted, report, run, save, table
from tests.cli.process import PROGRAM, Terminal


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fitted(tmp_path_factory.mktemp("baseline"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    folder = tmp_path_factory.mktemp("files")

    def make(kind: str = "csv", **drift: Any) -> str:
        name = "_".join(f"{key}{value}" for key, value in drift.items()) or "same"
        path = folder / f"{name}.{kind}"
        return str(path) if path.exists() else save(table(seed=1, **drift), path)

    return make


def test_the_exit_status_tells_drift_from_none(baseline: str, files: Callable[..., str]) -> None:
    assert run("check", files(), "--baseline", baseline).exit_code == 0
    assert run("check", files(shift=0.5), "--baseline", baseline).exit_code == 1


@pytest.mark.parametrize(("fail_on", "statuses"), [("alarm", [0, 0, 1]), ("violation", [0, 1, 1]), ("none", [0, 0, 0])])
def test_what_fails_can_be_chosen(baseline: str, tmp_path: Path, fail_on: str, statuses: list[int]) -> None:
    clean = table(5_000, seed=1).filter(pa.compute.field("age") < 70).filter(pa.compute.field("age") > 10)
    flawed = clean.set_column(1, "age", pa.array([-1.0, *clean["age"].to_pylist()[1:]]))
    files = [save(t, tmp_path / f"{i}.parquet") for i, t in enumerate([clean, flawed, table(5_000, shift=1)])]
    found = [run("check", path, "--baseline", baseline, "--fail-on", fail_on).exit_code for path in files]
    assert found == statuses


def test_csv_and_parquet_and_standard_input_give_the_same_report(baseline: str, files: Callable[..., str]) -> None:
    drift = {"shift": 0.3, "nulls": 0.02, "new": 0.01}
    csv, parquet = files(**drift), files("parquet", **drift)
    steps = ("--baseline", baseline, "--rows-per-step", "1000")
    found = report(csv, *steps)
    assert found == report(parquet, *steps)
    piped = run("check", "-", *steps, "--output", "json", stdin=Path(csv).read_bytes())
    assert json.loads(piped.stdout) == found
    assert found["alarm"]
    assert {name for name, variable in by_name(found).items() if variable["alarm"]} == {"age", "income", "plan"}
    assert "unseen" in by_name(found)["plan"]["causes"]
    assert by_name(found)["income"]["violations"]["null"] > 0


def test_the_same_rows_in_another_dialect_are_no_drift(
    baseline: str, files: Callable[..., str], tmp_path: Path
) -> None:
    plain = files()
    lines = Path(plain).read_text(encoding="utf-8").splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join(line.replace(",", ";").replace(".", ",") for line in lines), encoding="utf-8")
    for paths in ([plain, str(other)], [str(other), plain]):
        found = report(*paths, "--baseline", baseline)
        assert not found["alarm"]
        assert not any(variable["violations"].get("type") for variable in found["features"])
    whole = run("baseline", "fit", plain, str(other), "-o", "-", "--time", "at")
    assert {one["kind"] for one in json.loads(whole.stdout)["variables"] if one["name"] in ("age", "income")} == {
        "numeric"
    }


def test_steps_tell_when_it_began(baseline: str, tmp_path: Path) -> None:
    both = pa.concat_tables([table(10_000, seed=1), table(10_000, seed=2, shift=1)])
    times = pa.array((START + np.arange(20_000) * 36) * 1_000_000, pa.timestamp("us"))
    path = save(both.set_column(0, "at", times), tmp_path / "both.csv")
    age = by_name(report(path, "--baseline", baseline, "--rows-per-step", "500"))["age"]
    assert age["first_alarm"]["time"] is None
    assert 10_000 < age["first_alarm"]["row"] <= 11_000
    age = by_name(report(path, "--baseline", baseline, "--time", "at", "--window", "1h"))["age"]
    assert "2013-01-05T" in age["first_alarm"]["time"]  # 100 hours after New Year
    whole = report(path, "--baseline", baseline)
    assert whole["steps"] == 1
    assert by_name(whole)["age"]["rows"] == whole["rows"] == 20_000


def test_a_file_need_not_be_sorted_by_time(baseline: str, tmp_path: Path) -> None:
    content = table(seed=1, shift=0.3)
    shuffled = content.take(np.random.default_rng(0).permutation(len(content)))
    found = [
        report(save(rows, tmp_path / f"{name}.parquet"), "--baseline", baseline, "--time", "at", "--window", "6h")
        for name, rows in (("sorted", content), ("shuffled", shuffled))
    ]
    for one in found:
        assert one["rows"] == 20_000
        assert one["late"] == 0
    ages = [by_name(one)["age"] for one in found]
    assert ages[0]["first_alarm"] == ages[1]["first_alarm"]
    assert ages[0]["bins"] == ages[1]["bins"]


def test_a_file_whose_order_is_hopeless_is_refused(baseline: str, tmp_path: Path) -> None:
    path = save(table(seed=1).take(np.arange(20_000)[::-1]), tmp_path / "reversed.parquet")
    done = run("check", path, "--baseline", baseline, "--time", "at", "--window", "1s")
    assert done.exit_code == 2
    assert "sort them by at" in done.stderr


def test_the_baseline_may_come_from_standard_input(baseline: str, files: Callable[..., str]) -> None:
    content = Path(baseline).read_bytes()
    assert run("check", files(), "--baseline", "-", stdin=content).exit_code == 0
    assert "of churn 3" in run("baseline", "show", "-", stdin=content).stdout
    assert run("baseline", "diff", baseline, "-", stdin=content).stdout == "the same baseline\n"
    assert run("baseline", "rules", "-", "-o", "-", stdin=content).stdout.startswith("groups:")
    assert run("check", "-", "--baseline", "-", stdin=content).exit_code == 2
    assert "standard input: this is no JSON" in run("baseline", "show", "-", stdin=b"{").stderr


def test_the_knobs_reach_the_engine(baseline: str, files: Callable[..., str]) -> None:
    path = files(shift=0.3)
    assert run("check", path, "--baseline", baseline).exit_code == 1
    assert run("check", path, "--baseline", baseline, "--tolerance", ".4").exit_code == 0
    assert run("check", path, "--baseline", baseline, "--alpha", "1e-300").exit_code == 0
    assert run("check", path, "--baseline", baseline, "--false-alarms-per-week", "1e-300").exit_code == 0
    assert run("check", path, "--baseline", baseline, "--threshold", "psi=.5").exit_code == 0
    assert run("check", path, "--baseline", baseline, "--threshold", "psi=.05").exit_code == 1
    steps = ("--rows-per-step", "2500", "--reference", "previous")
    assert run("check", path, "--baseline", baseline, *steps).exit_code == 0  # it drifts no more than it did
    assert run("check", path, "--baseline", baseline, "--time", "at", "--reference", "last-week").exit_code == 0


@pytest.mark.parametrize("text", ["3600", "1h", "60m", ".5h30m", "3600s", "1 h"])
def test_a_window_may_be_written_in_many_ways(baseline: str, files: Callable[..., str], text: str) -> None:
    assert report(files(), "--baseline", baseline, "--time", "at", "--window", text)["steps"] == 200


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing option '--baseline'"),
        (["--time", "at", "--rows-per-step", "10"], "exclude each other"),
        (["--alpha", ".1", "--false-alarms-per-week", "1"], "exclude each other"),
        (["--window", "1h"], "--window needs --time"),
        (["--reference", "previous"], "needs steps"),
        (["--reference", "last-week", "--rows-per-step", "9"], "needs --time"),
        (["--time", "at", "--window", "soon"], "is no length of time"),
        (["--time", "at", "--window", "0"], "is no length of time"),
        (["--time", "at", "--window", "1h30"], "is no length of time"),
        (["--threshold", "phi=1"], "is no statistic"),
        (["--threshold", "psi"], "give a limit above 0"),
        (["--threshold", "psi=-1"], "give a limit above 0"),
        (["--tolerance", "2"], "is not in the range"),
        (["--alpha", "0"], "is not in the range"),
        (["--rows-per-step", "0"], "is not in the range"),
        (["--output", "pdf"], "is not one of"),
        (["--time", "when"], "has no column 'when' of times"),
        (["--time", "plan"], "'plan' is no time: see row 1"),
    ],
)
def test_bad_usage_has_status_2_and_says_why(
    baseline: str, files: Callable[..., str], arguments: list[str], says: str
) -> None:
    found = run("check", files(), *(["--baseline", baseline] if arguments else []), *arguments)
    assert found.exit_code == 2
    assert says in " ".join(found.stderr.split())
    assert found.stdout == ""


def test_unreadable_files_have_status_2_and_one_line(baseline: str, files: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "newer.json").write_text('{"schema": "otel-ml.baseline/999"}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "ragged.csv").write_text("age,plan\n1\n")
    for arguments, says in (
        (["no.csv", "--baseline", baseline], "no.csv cannot be read: No such file"),
        ([str(tmp_path / "ragged.csv"), "--baseline", baseline], "1 field instead of 2 in row 2"),
        ([files(), "--baseline", "no.json"], "no.json"),
        ([files(), "--baseline", str(tmp_path / "newer.json")], "upgrade otel-ml"),
        ([files(), "--baseline", str(tmp_path / "broken.json")], "this is no JSON"),
        ([files(), "--baseline", str(tmp_path)], "Is a directory"),
    ):
        found = run("check", *arguments)
        assert found.exit_code == 2
        assert found.stdout == ""
        assert found.stderr.startswith("otel-ml: ")
        assert found.stderr.count("\n") == 1
        assert says in found.stderr


def test_a_mistake_of_ours_is_no_alarm(
    baseline: str, files: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_ml.drift.checking.check", lambda *_, **__: 1 / 0)
    found = run("check", files(), "--baseline", baseline)
    assert found.exit_code == 2
    assert "ZeroDivisionError" in found.stderr
    assert "please report it" in found.stderr


def test_the_schema_describes_every_field() -> None:
    definitions = {"variable": VariableReport, "moment": Moment, "bin": Bin}
    for name, kind in definitions.items():
        assert list(SCHEMA["$defs"][name]["properties"]) == [field.name for field in fields(kind)]
    assert list(SCHEMA["properties"]) == ["schema", *(field.name for field in fields(Report))]


def test_text_for_people_ranks_what_drifts_and_says_how(baseline: str, files: Callable[..., str]) -> None:
    path = files(shift=0.5, nulls=0.02)
    text = run("check", path, "--baseline", baseline, "--rows-per-step", "2000").stdout
    lines = text.splitlines()
    assert lines[0].startswith("2 of 3 features")
    assert lines[0].endswith("in alarm")
    assert "20,000 rows in 10 steps, the last of which is now, against baseline" in lines[1]
    assert lines[1].endswith("of churn 3")
    (age,) = (line for line in lines if line.startswith("! age "))
    assert "█" in age
    assert "▁" in age or "▂" in age
    assert "up: at least " in text
    assert "first alarm at step 0 (row 2,000)" in text
    assert re.search(r"null 0.0% → [12]\.\d%", text)
    assert max(map(len, lines)) <= 110
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_text_fits_the_width(baseline: str, files: Callable[..., str], width: int) -> None:
    found = run("check", files(shift=0.5), "--baseline", baseline, env={"COLUMNS": str(width)})
    assert found.exit_code == 1
    assert max(map(len, found.stdout.splitlines())) <= width
    assert "age" in found.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_text_needs_no_unicode(baseline: str, files: Callable[..., str], encoding: str) -> None:
    done = subprocess.run(
        [*PROGRAM, "check", files(shift=0.5), "--baseline", baseline],
        capture_output=True,
        timeout=60,
        check=False,
        env={"PYTHONIOENCODING": encoding, "PATH": ""},
    )
    assert done.returncode == 1, done.stderr
    assert b"->" in done.stdout
    assert done.stdout.isascii()


def test_a_reader_that_has_seen_enough_changes_nothing(baseline: str, files: Callable[..., str]) -> None:
    for output in ("text", "json", "html"):
        command = [*PROGRAM, "check", files(shift=0.5), "--baseline", baseline, "--output", output]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.wait(60) == 1
            assert process.stderr is not None
            assert process.stderr.read() == b""


def test_standard_output_may_be_closed_or_full(baseline: str, files: Callable[..., str]) -> None:
    for output in ("text", "json", "html"):
        command = [*PROGRAM, "check", files(shift=0.5), "--baseline", baseline, "--output", output]
        shell = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
        closed = subprocess.run(shell, stderr=subprocess.PIPE, timeout=60, check=False)
        assert (closed.returncode, closed.stderr) == (1, b"")
        with open("/dev/full", "w") as device:
            full = subprocess.run(command, stdout=device, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert full.returncode == 2
        assert full.stderr == "otel-ml: standard output cannot be written: No space left on device\n"


def test_ctrl_c_is_no_alarm(baseline: str) -> None:
    with subprocess.Popen(
        [*PROGRAM, "check", "-", "--baseline", baseline], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write("age,plan\n1,basic\n")
        process.stdin.flush()
        _wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read().splitlines()[-1] == "otel-ml: interrupted"


def test_colour_is_for_terminals_and_can_be_turned_off(baseline: str, files: Callable[..., str]) -> None:
    command = [*PROGRAM, "check", files(shift=0.5), "--baseline", baseline]
    with Terminal(command=command) as terminal:
        assert terminal.end(60) == 1
        assert b"\x1b[" in terminal.raw
        assert "in alarm" in terminal.screen()
    with Terminal(command=command, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end(60) == 1
        assert b"\x1b[31m" not in terminal.raw
        assert b"\x1b[1;31m" not in terminal.raw


def _wait_until_it_reads(pid: int) -> None:
    """Waits until a process sleeps in a read of its standard input."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        blocked = Path(f"/proc/{pid}/wchan").read_text() if Path(f"/proc/{pid}/wchan").exists() else ""
        if "pipe" in blocked:
            return
        time.sleep(0.05)

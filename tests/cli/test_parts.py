"""Which files a folder has: what cannot be read is an error, never fewer rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.parts import parts_of
from tests.support.wait import PATIENCE

READ = """
import os, sys
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.tables import Files
from otel_ml.cli.files.plan import Plan

def read(path):
    try:
        chunks = Files([path]).chunks(Plan())
        return sum(len(next(iter(chunk.values()))) if isinstance(chunk, dict) else chunk.num_rows for chunk in chunks)
    except FileError as error:
        return error

assert read("whole") == 2  # also imports what may be out of reach later
if os.geteuid() == 0:  # whom nothing is forbidden
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for path in sys.argv[1:]:
    print(read(path))
"""
READABLE, LISTED, CLOSED = 0o755, 0o444, 0o000


@pytest.fixture(params=["csv", "parquet"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of the files of folders that may be read, and of some that may not."""
    kind: str = request.param
    parts = (
        "whole",
        "partitioned/month=1",
        "partitioned/month=2",
        "temporary/_temporary",
        "temporary",
        "closed",
        "listed",
    )
    for part in parts:
        (tmp_path / part).mkdir(parents=True, exist_ok=True)
        if kind == "csv":
            (tmp_path / part / "a.csv").write_text("a\n1\n2\n", encoding="utf-8")
        else:
            pq.write_table(pa.table({"a": [1, 2]}), tmp_path / part / "a.parquet")
    return kind


def read_as_a_user(folder: Path, *paths: str) -> list[str]:
    """What is said about each path, by a process that may not read everything. It needs no rights above the folder."""
    folder.chmod(READABLE)
    done = subprocess.run(
        [sys.executable, "-c", READ, *paths], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_what_may_not_be_read_is_an_error_and_never_fewer_rows(tmp_path: Path, kind: str) -> None:
    modes = {"partitioned/month=2": CLOSED, "temporary/_temporary": CLOSED, "closed": CLOSED, "listed": LISTED}
    for part, mode in modes.items():
        (tmp_path / part).chmod(mode)
    try:
        said = read_as_a_user(tmp_path, "whole", "closed", "partitioned", "temporary", "listed", f"closed/a.{kind}")
    finally:
        for part in modes:
            (tmp_path / part).chmod(READABLE)
    assert said == [
        "2",
        "the folder closed cannot be read: Permission denied",
        "the folder partitioned/month=2 cannot be read: Permission denied",
        "2",
        f"listed/a.{kind} cannot be read: Permission denied",
        f"closed/a.{kind} cannot be read: Permission denied",
    ]


def test_one_file_that_may_not_be_read_is_named(tmp_path: Path, kind: str) -> None:
    closed = tmp_path / "partitioned" / "month=2" / f"a.{kind}"
    closed.chmod(CLOSED)
    (said,) = read_as_a_user(tmp_path, "partitioned")
    assert "partitioned/month=2/a" in said
    assert "Permission denied" in said


def test_a_link_to_nowhere_is_an_error_and_a_pipe_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "notes.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "_b.csv").symlink_to(tmp_path / "nowhere")
    assert [part.path for part in parts_of(str(tmp_path))] == [str(tmp_path / "a.csv")]
    (tmp_path / "b.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"b\.csv cannot be read: No such file"):
        parts_of(str(tmp_path))

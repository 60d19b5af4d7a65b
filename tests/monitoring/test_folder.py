"""Workers share files: few of them are open, and what happens to them from outside is no end."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import numpy as np
import pytest

from otel_ml.monitoring import files
from otel_ml.monitoring.channel import SETTLING, Shared
from otel_ml.monitoring.log import Log
from otel_ml.monitoring.records import Record
from tests.monitoring.posts import SHAPE, STEP, add, post
from tests.support.descriptors import open_below

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted as Linux does")


@linux
def test_a_model_takes_one_descriptor_and_one_more_where_it_is_evaluated(tmp_path: Path) -> None:
    leaders = [post(tmp_path / str(number)) for number in range(20)]
    others = [post(tmp_path / str(number)) for number in range(20)]
    for worker in (*leaders, *others, *leaders):
        add(worker, 10)
        worker.beat(time.monotonic(), at_once=True)
    assert [worker.leads for worker in (*leaders, *others)] == [True] * 20 + [False] * 20
    assert {worker.report().rows for worker in others} <= {10, 20, 30}
    assert open_below(tmp_path) <= 2 * 20 + 1 * 20
    for worker in (*leaders, *others):
        worker.close()
    assert open_below(tmp_path) == 0


@linux
def test_a_forked_child_has_none_of_its_parents_files(tmp_path: Path) -> None:
    parent = post(tmp_path)
    parent.beat(time.monotonic(), at_once=True)
    assert open_below(tmp_path) > 0
    child = os.fork()
    if child == 0:
        os._exit(open_below(tmp_path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    parent.close()


def test_a_log_that_is_cut_off_or_written_over_under_its_worker_is_begun_anew(tmp_path: Path) -> None:
    worker = post(tmp_path)
    worker.beat(time.monotonic(), at_once=True)
    for number, harm in enumerate((b"cut off", b"written over" * 1_000)):
        (log,) = [path for path in tmp_path.glob("worker-*") if path.stat().st_size > 10]
        log.write_bytes(harm)
        add(worker, 10)
        for second in range(3):
            worker.beat(time.monotonic() + 60 * number + 3 * second, at_once=True)
        assert not worker.waits
        assert worker.report().rows == 10 * (number + 1)


def test_a_header_that_is_written_over_is_begun_anew(tmp_path: Path) -> None:
    worker = post(tmp_path)
    worker.beat(time.monotonic(), at_once=True)
    (log,) = tmp_path.glob("worker-*")
    with log.open("r+b") as file:
        file.seek(32)
        file.write(b"x" * 16)
    add(worker, 10)
    for second in range(3):
        worker.beat(time.monotonic() + SETTLING + second, at_once=True)
    assert not worker.waits
    assert worker.report().rows == 10


def test_a_log_is_given_up_only_when_it_is_still_damaged_at_the_next_look(tmp_path: Path) -> None:
    channel = Shared(tmp_path, SHAPE, 1 << 18)
    (log,) = tmp_path.glob("worker-*")
    number, record = log.stat().st_ino, Record(STEP, np.ones(SHAPE, dtype=np.int64))
    for _ in range(2):
        with log.open("r+b") as file:
            whole = file.read(64)
            file.seek(48)
            file.write(b"x" * 16)
            file.flush()
            assert not channel.send(record)
            file.seek(0)
            file.write(whole)
        assert channel.send(record), "whoever was writing has gone on"
        assert log.stat().st_ino == number
    with log.open("r+b") as file:
        file.seek(48)
        file.write(b"x" * 16)
    assert [channel.send(record) for _ in range(3)] == [False, False, True]
    assert len(channel.receive(0.0)) == 1
    channel.close()


def test_a_log_that_is_too_small_for_the_model_gives_way_to_another_one(tmp_path: Path) -> None:
    with (tmp_path / "worker-000").open("w+b") as file:
        Log.create(file.fileno(), 64)
    channel, record = Shared(tmp_path, SHAPE, 1 << 18), Record(STEP, np.full(SHAPE, 1 << 40))
    assert [channel.send(record) for _ in range(3)] == [False, False, True]
    channel.close()


def test_places_of_logs_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    reader = Shared(tmp_path, SHAPE, 1 << 14)
    for _ in range(3):
        worker = Shared(tmp_path, SHAPE, 1 << 14)
        worker.send(Record(STEP, np.ones(SHAPE, dtype=np.int64)))
        assert len(reader.receive(0.0, everything=True)) == 1
        assert worker.folder.log.id in reader.places
        worker.folder.discard()
        worker.close()
    reader.receive(0.0, everything=True)
    assert set(reader.places) <= {reader.folder.log.id}
    reader.close()


def test_a_folder_that_is_removed_while_it_is_being_joined_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = files.make_private, 20

    def removed(path: Path) -> None:
        nonlocal left
        real(path)
        if left:
            left -= 1
            path.rmdir()

    monkeypatch.setattr(files, "make_private", removed)
    channel = Shared(tmp_path / "model", SHAPE, 1 << 14)
    assert channel.lead()
    assert left == 0
    channel.close()


def test_a_file_that_is_removed_while_it_is_being_locked_is_not_the_one_that_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = tmp_path / "file", fcntl.flock

    def flock(file: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        path.unlink()
        path.touch()
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    file = files.lock(path)
    assert file is not None
    assert os.path.samestat(os.fstat(file), path.stat())
    assert files.lock(path) is None
    files.close(file)

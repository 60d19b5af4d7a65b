"""What runs out for a while, descriptors say, costs neither what was counted nor the locks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import otel_ml
from otel_ml import runtime
from otel_ml.drift import layout
from otel_ml.monitoring.channel import SETTLING, Shared
from otel_ml.monitoring.folder import Folder
from otel_ml.monitoring.post import FAILURES
from otel_ml.monitoring.records import RareRow
from tests.monitoring.conftest import Model
from tests.monitoring.posts import BASELINE, SHAPE, STEP, add, counted, post
from tests.monitoring.test_watching import send
from tests.support.descriptors import run_out

CAPACITY = 1 << 14
EMFILE = "Too many open files"


def test_a_state_that_can_not_be_opened_is_left_and_so_is_the_lock(tmp_path: Path) -> None:
    with closing(post(tmp_path)) as first:
        add(first, 500)
    with closing(post(tmp_path)) as second, closing(post(tmp_path)) as third:
        second._open(0.0)
        with run_out(1), pytest.raises(OSError, match=EMFILE):  # enough for the lock
            second.beat(time.monotonic(), at_once=True)
        assert not second.leads
        third.beat(time.monotonic(), at_once=True)
        assert third.leads
        assert third.report().rows == 500


def test_one_that_can_not_read_what_others_have_counted_lets_another_one_try(tmp_path: Path) -> None:
    with closing(post(tmp_path)) as first, closing(post(tmp_path)) as second:
        now = time.monotonic()
        for worker in (first, second):
            add(worker, 100)
            worker.beat(now, at_once=True)
        for number in range(FAILURES):
            assert first.leads
            with run_out(), pytest.raises(OSError, match=EMFILE):
                first.beat(now + number, at_once=True)
        assert not first.leads
        for seconds in (0.0, 2 * SETTLING):
            second.beat(now + seconds, at_once=True)
        assert second.leads
        assert second.report().rows == 200


def test_a_worker_that_fails_at_its_end_gives_the_role_up(tmp_path: Path) -> None:
    first = post(tmp_path)
    first.beat(time.monotonic(), at_once=True)
    with closing(post(tmp_path)) as second:
        second._open(0.0)
        with run_out(), pytest.raises(OSError, match=EMFILE):  # its log can not be read
            first.close()
        second.beat(time.monotonic(), at_once=True)
        assert second.leads


def test_a_watch_that_fails_at_its_end_gives_the_role_up(
    tmp_path: Path, watched: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = watched()
    send(1)
    otel_ml.flush()
    assert runtime.current is not None
    (watch,) = runtime.current.watched()
    assert watch.post is not None
    assert watch.post.leads

    def fail() -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(watch, "flush", fail)
        with pytest.raises(MemoryError):
            watch.retire()
    (path,) = (tmp_path / "drift").iterdir()
    folder = Folder(path, CAPACITY)
    assert folder.lead()
    folder.close()
    assert model is not None


def test_a_step_that_waits_long_keeps_few_examples_so_that_there_is_room_for_it_one_day(tmp_path: Path) -> None:
    reader = Shared(tmp_path, SHAPE, CAPACITY)
    assert reader.lead()
    with closing(post(tmp_path, capacity=CAPACITY)) as worker, closing(reader):
        while not worker.waits:
            add(worker, 10)
            worker.beat(0.0, at_once=True)
        waits = STEP + 1
        for number in range(1_000):
            rare = [RareRow(0, "unseen", f"{number}-{'x' * 50}")]
            bins: Callable[[np.ndarray], np.ndarray] = lambda rows: np.zeros((len(rows), SHAPE[0]), np.uint8)  # noqa: E731
            worker.add(waits, counted(1), str, bins, rare, ("age",))
            worker.beat(0.0, at_once=True)
        reader.receive(0.0, everything=True)
        reader.free()
        worker.beat(0.0, at_once=True)
        assert not worker.waits
        record = reader.receive(0.0, everything=True)[-1]
        assert record.step == waits
        assert record.counts.sum() == 1_000
        assert [int(row.id.split("-")[0]) for row in record.rare] == list(range(995, 1_000)), "the last ones"


@pytest.mark.parametrize("names", [("age",), tuple(f"{'x' * 100}{number}" for number in range(1_000))])
def test_examples_that_a_log_has_no_room_for_do_not_keep_counts_back(tmp_path: Path, names: tuple[str, ...]) -> None:
    with closing(post(tmp_path, capacity=CAPACITY)) as worker:
        bins: Callable[[np.ndarray], np.ndarray] = lambda rows: np.zeros((len(rows), SHAPE[0]), np.uint8)  # noqa: E731
        assert worker.add(STEP, counted(100), lambda row: "x" * 10_000, bins, [], names)
        worker.beat(0.0, at_once=True)
        assert not worker.waits
        assert worker.report().rows == 100


def test_a_log_has_room_for_the_counts_of_any_model(tmp_path: Path) -> None:
    with closing(post(tmp_path, capacity=1)) as worker:
        counts = counted(100)
        counts.counts[0, layout.FIRST] = 1 << 40
        assert worker.add(STEP, counts, str, lambda rows: np.zeros((len(rows), SHAPE[0]), np.uint8), [], ("age",))
        worker.beat(0.0, at_once=True)
        assert not worker.waits


def test_what_killed_workers_have_not_saved_to_its_end_is_removed_by_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / ".state.x1y2"
    with closing(post(tmp_path)) as leader, closing(post(tmp_path)) as other:
        leader.beat(0.0, at_once=True)
        left.write_bytes(b"half of it")
        other.beat(0.0, at_once=True)
        other.report()
        assert left.exists(), "who only asks removes nothing: somebody may be writing it"
    with closing(post(tmp_path)) as leader:
        leader.beat(0.0, at_once=True)
        assert not left.exists()
        assert BASELINE.id == leader.report().baseline


def test_a_log_that_was_left_is_not_written_under_the_number_of_another_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "model", CAPACITY)
    log = folder.log
    folder.close()
    with (tmp_path / "other").open("w+b", buffering=0) as other:
        assert other.fileno() == log._file
        with pytest.raises(OSError, match="left"):
            _ = folder.log
    assert os.path.getsize(tmp_path / "other") == 0

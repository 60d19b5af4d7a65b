"""Folders of former baselines go when nobody has used them for long, and nothing else goes with them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import otel_ml
from otel_ml.drift import Settings
from otel_ml.monitoring import files
from otel_ml.monitoring.channel import SETTLING
from otel_ml.monitoring.cleaning import AT_A_TIME, EVERY_SECONDS, FIRST_SECONDS, KEPT_DAYS, Cleaner, remove
from otel_ml.monitoring.meeting import Meeting
from otel_ml.monitoring.post import Post
from tests.monitoring.conftest import Model
from tests.monitoring.posts import BASELINE, add, post
from tests.support.telemetry import Telemetry
from tests.support.wait import eventually

ROOT = Path(__file__).parents[2]
DAY = 86_400
NAME = "churn-0123456789abcdef"


def used(folder: Path) -> Path:
    """A folder that a worker has left, with a state."""
    with closing(post(folder)) as worker:
        add(worker, 10)
        worker.beat(time.monotonic(), at_once=True)
    return folder


def aged(folder: Path, days: float) -> Path:
    """The same, some days later."""
    then = time.time() - days * DAY
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))
    return folder


def former(folder: Path) -> Path:
    return aged(used(folder), KEPT_DAYS + 1)


def clean(root: Path) -> None:
    cleaner = Cleaner(root, 0.0)
    for beat in range(5):
        cleaner.beat(FIRST_SECONDS + beat, time.time())


@contextmanager
def working(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "tests.monitoring.posts", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_a_folder_that_nobody_has_used_for_long_is_removed_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = former(tmp_path / NAME)
    (old / "state.foreign").touch()
    (old / ".state.half").touch()
    aged(old, KEPT_DAYS + 1)
    recent = aged(used(tmp_path / f"{NAME[:-1]}0"), KEPT_DAYS - 1)
    with caplog.at_level(logging.INFO):
        clean(tmp_path)
    assert list(tmp_path.iterdir()) == [recent]
    assert [NAME in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("name", ["state", "worker-000", "evaluator"])
def test_one_file_that_was_written_is_enough_to_keep_it(tmp_path: Path, name: str) -> None:
    folder = former(tmp_path / NAME)
    os.utime(folder / name)
    clean(tmp_path)
    assert (folder / "state").exists()


def test_what_another_process_has_open_stays_however_old_it_looks(tmp_path: Path) -> None:
    folder = tmp_path / NAME
    with working(folder) as worker:
        worker.send_signal(signal.SIGSTOP)  # it writes nothing any more
        assert not remove(aged(folder, 100), time.time() - DAY)
        assert {path.name for path in folder.iterdir()} >= {"evaluator", "worker-000"}
    assert remove(aged(folder, 100), time.time() - DAY), "it has ended"


def test_what_this_process_has_open_stays(tmp_path: Path) -> None:
    folder = former(tmp_path / NAME)
    with closing(post(folder)) as worker:
        worker.beat(time.monotonic(), at_once=True)
        clean(tmp_path)
        aged(folder, 100)
        clean(tmp_path)
        assert worker.leads
        assert worker.report().rows == 10


def test_a_worker_that_came_and_went_since_the_first_look_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real = former(tmp_path / NAME), files.lock

    def lock(path: Path) -> int | None:
        os.utime(folder / "state")
        return real(path)

    monkeypatch.setattr(files, "lock", lock)
    assert not remove(folder, time.time() - DAY)
    assert (folder / "state").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda root: (root / "data").mkdir(),
        lambda root: (former(root / NAME) / "notes.txt").touch(),
        lambda root: (former(root / NAME) / "worker-777").mkdir(),
        lambda root: former(root / NAME).chmod(0o777),
        lambda root: former(root / "elsewhere").rename(root / "elsewhere-2"),
        lambda root: (root / NAME).symlink_to(former(root / "elsewhere")),
        lambda root: (root / NAME).touch(),
    ],
)
def test_what_is_not_ours_stays(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path)
    for path in tmp_path.rglob("*"):
        os.utime(path, (1.0, 1.0))
    before = sorted(tmp_path.rglob("*"))
    clean(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_directory_full_of_them_is_cleaned_bit_by_bit_and_again_later(tmp_path: Path) -> None:
    for number in range(2 * AT_A_TIME):
        former(tmp_path / f"churn-{number:016x}")
    cleaner = Cleaner(tmp_path, 0.0)
    cleaner.beat(FIRST_SECONDS - 1, time.time())
    assert len(list(tmp_path.iterdir())) == 2 * AT_A_TIME
    for left in (AT_A_TIME, 0, 0):
        cleaner.beat(FIRST_SECONDS, time.time())
        assert len(list(tmp_path.iterdir())) == left
    former(tmp_path / NAME)
    cleaner.beat(FIRST_SECONDS + EVERY_SECONDS - 1, time.time())
    assert (tmp_path / NAME).exists()
    cleaner.beat(FIRST_SECONDS + EVERY_SECONDS, time.time())
    assert not (tmp_path / NAME).exists()


def _clean_again_and_again(root: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        remove(Path(root) / NAME, time.time() + DAY)  # whatever is not locked is old


def test_workers_that_come_while_others_clean_lose_nothing_that_they_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    cleaners = [context.Process(target=_clean_again_and_again, args=(str(tmp_path), 300.0)) for _ in range(2)]
    for cleaner in cleaners:
        cleaner.start()
    try:
        for _ in range(20):
            with closing(post(tmp_path / NAME)) as worker:
                for number in range(3):
                    add(worker, 10)
                    worker.beat(time.monotonic() + 10 * number, at_once=True)
                # A cleaner may have the lock for a moment, and finds then that this worker is here.
                eventually(lambda: worker.beat(time.monotonic() + 60, at_once=True) or worker.leads)
                assert not worker.waits
                assert worker.report().rows == 30, "the folder of before is gone, and this one stays"
            eventually(lambda: not (tmp_path / NAME).exists(), what="it is cleaned")
    finally:
        for cleaner in cleaners:
            cleaner.terminate()
            cleaner.join(60)


# -- settings ---------------------------------------------------------------------------------------------------------


def meet(directory: Path, settings: Settings) -> Post:
    meeting = Meeting("service", str(directory))
    return Post(BASELINE, settings, lambda: meeting.open({"ml.model.name": "churn"}, BASELINE, settings))


@pytest.mark.parametrize(
    "other",
    [
        Settings(tolerance=0.1),
        Settings(lateness=60),
        Settings(window=30),
        Settings(reference="previous"),
        Settings(thresholds={"psi": 0.2}),
        Settings(replicas=2),
    ],
)
def test_two_settings_that_are_rolled_out_are_two_monitors(tmp_path: Path, other: Settings) -> None:
    posts = [meet(tmp_path, Settings()), meet(tmp_path, other), meet(tmp_path, Settings())]
    now = time.time()  # for all of them: a minute may end meanwhile
    for number, worker in enumerate(posts):
        add(worker, 10 * (number + 1), int(now // worker.settings.step))
        worker.beat(time.monotonic(), at_once=True)
    posts[0].beat(time.monotonic() + 2 * SETTLING, at_once=True)
    assert [worker.leads for worker in posts] == [True, True, False]
    assert [worker.report().rows for worker in posts] == [40, 20, 40]
    for worker in posts:
        worker.close()
    back = meet(tmp_path, Settings())
    back.beat(time.monotonic(), at_once=True)
    assert back.report().rows == 40, "a rollout that is taken back goes on where it was"
    back.close()
    assert not list(tmp_path.glob("**/*.foreign"))


def test_equal_settings_meet_in_whichever_order_they_were_written(tmp_path: Path) -> None:
    limits = {"psi": 0.2, "hellinger": 0.1}
    first = meet(tmp_path, Settings(thresholds=limits))
    second = meet(tmp_path, Settings(thresholds=dict(reversed(limits.items()))))
    for worker in (first, second):
        worker.beat(time.monotonic(), at_once=True)
    assert [first.leads, second.leads] == [True, False]
    first.close()
    second.close()


def test_a_service_cleans_its_directory(
    telemetry: Telemetry, watched: Callable[..., Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_ml.monitoring.cleaning.FIRST_SECONDS", 0.0)
    old = tmp_path / "drift" / NAME
    old.parent.mkdir(mode=0o700)
    former(old)
    watched()
    with otel_ml.inference("churn", version="3") as call:
        call.input({"age": 1, "plan": "basic", "email": "ann@example.com"})
    otel_ml.flush()
    (present,) = old.parent.iterdir()
    assert present != old

"""Workers of one machine are one monitor, whoever of them is killed: nothing counts twice, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from otel_ml import guard
from otel_ml.drift import Report, Settings
from otel_ml.monitoring.channel import SETTLING, Channel, Private, Shared
from otel_ml.monitoring.post import MAX_STEPS, RETRY, Post
from otel_ml.monitoring.records import Record
from tests.monitoring.posts import BASELINE, NOW, SHAPE, STEP, add, counted, post
from tests.support.wait import eventually

ROOT = Path(__file__).parents[2]


began = 0.0
"""On the monotonic clock, which stands still while a test runs, however long it takes: its beats are so many seconds apart."""


@pytest.fixture(autouse=True)
def _clock() -> None:
    global began
    began = time.monotonic()


def beat(*workers: Post, after: float = 0.0) -> None:
    for worker in workers:
        worker.beat(began + after, at_once=True)


def rows(worker: Post) -> int:
    return worker.report().rows


def test_one_of_the_workers_evaluates_what_all_have_counted(tmp_path: Path) -> None:
    workers = [post(tmp_path) for _ in range(3)]
    for index, worker in enumerate(workers):
        add(worker, 100 + index)
        beat(worker)
    beat(*workers, after=SETTLING + 1)
    assert [worker.leads for worker in workers] == [True, False, False]
    assert rows(workers[0]) == 303


def test_every_worker_gives_the_same_report(tmp_path: Path) -> None:
    first, second = post(tmp_path), post(tmp_path)
    for step in range(5):
        add(first, 100, STEP + step)
        add(second, 50, STEP + step)
        beat(first, second, after=3 * step)
    beat(first, after=60)
    assert rows(first) == 750
    assert second.report() == first.report()
    assert second.report() == first.report(), "asking changes nothing"


def test_whoever_only_asks_leaves_the_state_of_others_where_it_is(tmp_path: Path) -> None:
    with closing(post(tmp_path)) as first:
        add(first, 10)
    with closing(post(tmp_path)) as leader, closing(post(tmp_path, settings=Settings(tolerance=0.1))) as other:
        beat(leader)
        [state] = tmp_path.glob("**/state")
        before = state.read_bytes()
        beat(other)
        assert leader.leads
        assert not other.leads
        other.report()
        assert state.read_bytes() == before
        assert not list(tmp_path.glob("**/*.foreign"))


def test_what_metrics_say_is_made_once_a_step_and_a_report_is_of_now(tmp_path: Path) -> None:
    leader = post(tmp_path)
    for step in range(4):
        add(leader, 100, STEP - 4 + step)
        beat(leader, after=10 * step)
        first = leader.standing()
        assert first is not None
        assert first.steps == max(0, step - 1), "one is complete when a later one than the next has begun"
        assert rows(leader) == 100 * (step + 1)
    add(leader, 10, STEP - 1)
    beat(leader, after=40)
    assert leader.standing() is first
    assert rows(leader) == 410
    beat(other := post(tmp_path))
    assert other.standing() is None, "it does not evaluate"


def test_a_worker_that_leaves_hands_the_state_to_another_one(tmp_path: Path) -> None:
    first, second = post(tmp_path), post(tmp_path)
    add(first, 100)
    add(second, 50)
    beat(first, second)
    first.close()
    beat(second, after=SETTLING + 1)
    beat(second, after=2 * SETTLING + 2)
    assert second.leads
    assert rows(second) == 150


def test_what_the_next_worker_counts_comes_after_what_the_last_has_left_behind(tmp_path: Path) -> None:
    first = post(tmp_path)
    add(first, 100)
    beat(first)
    first.leave()  # as a process that is killed: nothing is saved
    second = post(tmp_path)
    add(second, 50)
    beat(second)
    assert rows(second) == 150
    second.close()
    third = post(tmp_path)
    add(third, 1)
    beat(third)
    assert rows(third) == 151


def test_the_first_counts_of_a_step_wait_for_the_last_ones_of_the_step_before(tmp_path: Path) -> None:
    fast, slow = post(tmp_path), post(tmp_path)
    add(fast, 100)
    add(slow, 100)
    beat(fast, slow)
    beat(fast, after=SETTLING + 1)
    add(fast, 100, STEP + 1)
    beat(fast, after=SETTLING + 2)
    add(slow, 100)  # later, of the step before
    beat(slow, after=SETTLING + 2)
    for seconds in range(3, 9):
        beat(fast, after=SETTLING + seconds)
    report = fast.report()
    assert (report.rows, report.late) == (400, 0)


def test_a_forked_child_is_a_worker_of_its_own(tmp_path: Path) -> None:
    parent = post(tmp_path)
    add(parent, 100)
    beat(parent)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            parent.leave()
            add(parent, 50)
            beat(parent)
            os.write(write, str(parent.leads).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"False"
    add(parent, 1)
    beat(parent, after=SETTLING + 1)
    assert parent.leads
    assert rows(parent) == 151
    beat(other := post(tmp_path))
    assert not other.leads, "the child's end has not given the parent's lock away"


def test_a_full_log_is_no_loss(tmp_path: Path) -> None:
    leader, worker = post(tmp_path, capacity=1 << 14), post(tmp_path, capacity=1 << 14)
    beat(leader)
    for number in range(200):
        add(worker, 10, STEP + number)
        beat(worker)
    for seconds in range(100):
        beat(leader, worker, after=seconds)
    beat(leader, after=200)
    assert rows(leader) == 2_000


def test_times_that_are_all_over_the_place_do_not_fill_memory(tmp_path: Path) -> None:
    worker = post(tmp_path)
    for step in range(MAX_STEPS):
        add(worker, 1, step)
    assert not worker.add(MAX_STEPS, counted(1), str, lambda index: index, [], None)


def test_a_damaged_state_or_log_is_set_aside_and_watching_goes_on(tmp_path: Path) -> None:
    worker = post(tmp_path)
    add(worker, 100)
    beat(worker)
    worker.close()
    (tmp_path / "state").write_bytes(b"PK broken")
    (tmp_path / "worker-000").write_bytes(b"broken")
    worker = post(tmp_path)
    add(worker, 50)
    with pytest.warns(UserWarning, match="set aside"):
        beat(worker)
    assert rows(worker) == 50
    assert (tmp_path / "state.damaged").exists()


def test_a_worker_on_its_own_joins_the_others_when_it_can_and_brings_what_it_has_seen(tmp_path: Path) -> None:
    asked, has_room = 0, False

    def channel() -> tuple[Channel, Path | None]:
        nonlocal asked
        asked += 1
        if not has_room:
            return Private(), None
        shared = Shared(tmp_path, SHAPE, 1 << 18)
        return shared, shared.folder.state

    worker, other = Post(BASELINE, Settings(), channel, lambda: NOW), post(tmp_path)
    for seconds in (0, RETRY - 1, RETRY + 1, RETRY + 2, 2 * RETRY):
        add(worker, 10)
        beat(worker, after=seconds)
    assert asked == 2, "now and then, not at each beat"
    has_room = True
    add(worker, 5)
    for seconds in (1, 10, 1_000):
        beat(worker, after=2 * RETRY + seconds)
    assert asked == 3
    assert worker.leads
    assert rows(worker) == 55
    add(other, 100)
    beat(other)
    for seconds in (10, 20):
        beat(worker, after=3 * RETRY + seconds)
    assert not other.leads
    assert rows(worker) == 155
    worker.close()
    beat(other)
    assert rows(other) == 155, "from the saved state"


def test_one_that_joins_late_leaves_what_others_have_saved(tmp_path: Path) -> None:
    with closing(post(tmp_path)) as leader:
        add(leader, 100)
    channels: list[tuple[Channel, Path | None]] = [(Private(), None)]
    worker = Post(BASELINE, Settings(), lambda: channels.pop(), lambda: NOW)
    add(worker, 10)
    beat(worker)
    assert rows(worker) == 10
    shared = Shared(tmp_path, SHAPE, 1 << 18)
    channels.append((shared, shared.folder.state))
    beat(worker, after=RETRY)
    assert rows(worker) == 100
    worker.close()


def test_one_that_joins_saves_nothing_while_another_one_evaluates(tmp_path: Path) -> None:
    channels: list[tuple[Channel, Path | None]] = [(Private(), None)]
    with closing(post(tmp_path)) as leader, closing(Post(BASELINE, Settings(), channels.pop, lambda: NOW)) as worker:
        beat(leader)
        add(worker, 10)
        beat(worker)
        shared = Shared(tmp_path, SHAPE, 1 << 18)
        channels.append((shared, shared.folder.state))
        beat(worker, after=RETRY)
        assert not worker.leads
        assert not shared.folder.state.exists(), "it could take the place of what the other one has just saved"


def test_a_folder_that_is_removed_under_its_workers_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    leader, worker = post(folder), post(folder)
    for one in (leader, worker):
        add(one, 100)
        beat(one)
    beat(leader, after=SETTLING + 1)
    shutil.rmtree(folder)
    add(leader, 10)
    add(worker, 5)
    beat(leader, worker, after=SETTLING + 2)
    for seconds in range(5, 20, 5):
        beat(leader, worker, after=SETTLING + seconds)
    assert [leader.leads, worker.leads] == [True, False]
    assert rows(leader) == 215


def test_a_lock_that_is_removed_leaves_one_worker_to_evaluate(tmp_path: Path) -> None:
    first, second = post(tmp_path), post(tmp_path)
    beat(first, second)
    (tmp_path / "evaluator").unlink()
    beat(second, first)
    assert [first.leads, second.leads] == [False, True]


def test_alarms_are_told_although_the_state_can_not_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RERAISE", False)
    worker = post(tmp_path, capacity=1 << 14)
    beat(worker)
    (tmp_path / "state").mkdir()  # which no file can take the place of
    told = []
    for number in range(200):
        add(worker, 1_000, STEP + number)
        told += worker.beat(began + number, at_once=True)
    assert [change.name for change in told if change.detected] == ["age"]
    assert not worker.waits
    assert rows(worker) == 200_000
    worker.close()


def test_one_worker_alone_takes_no_more_memory_with_time(tmp_path: Path) -> None:
    channel = Shared(tmp_path, SHAPE, 1 << 18)

    def count(start: int) -> int:
        for second in range(start, start + 2_000):
            channel.send(Record(STEP, np.ones(SHAPE, dtype=np.int64)))
            channel.receive(float(second))
            channel.free()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = count(0)
        assert count(2_000) - before < 50_000
    finally:
        tracemalloc.stop()
        channel.close()


def test_examples_of_other_workers_are_kept(tmp_path: Path) -> None:
    first, second = post(tmp_path), post(tmp_path)
    beat(first)
    for step in range(4):
        add(second, 1_001, STEP + step, name=f"second-{step}")
        beat(second, first, after=4 * step)
    beat(first, after=60)
    report = first.report()
    (age,) = [variable for variable in report.features if variable.name == "age"]
    assert age.alarm
    assert age.examples
    assert all(example.startswith("second-") for example in age.examples)
    assert report.missing == ("plan", "email")


# -- processes that are killed ----------------------------------------------------------------------------------------


class Worker:
    """A worker in a process of its own, and what it said last."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "tests.monitoring.posts", str(path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        self.handed_over = 0
        self.leads = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def work(self, times: int) -> None:
        """Wait until it has handed over so many times more."""
        goal = self.handed_over + times
        eventually(lambda: self.handed_over >= goal, interval=0.005)

    def kill(self) -> None:
        """End it as the system does when memory is short, and hear all that it had said by then."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
        self._listener.join(60)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                number, leads = line.split()
                self.handed_over, self.leads = int(number), leads == "1"


@contextmanager
def working(path: Path, count: int) -> Iterator[list[Worker]]:
    workers = [Worker(path) for _ in range(count)]
    try:
        for worker in workers:
            worker.work(5)
        yield workers
    finally:
        for worker in workers:
            worker.kill()


def total(path: Path) -> Report:
    """What the state comes to, in the eyes of a newcomer."""
    newcomer = post(path)
    beat(newcomer)
    for seconds in (10, 20, 30):
        beat(newcomer, after=seconds)
    assert newcomer.leads
    report = newcomer.report()
    newcomer.close()
    return report


@pytest.mark.parametrize("seed", range(2))
def test_workers_that_are_killed_leave_counts_right_and_another_one_evaluates(tmp_path: Path, seed: int) -> None:
    gone: list[Worker] = []
    with working(tmp_path, 3) as workers:
        for round_ in range(4):
            for worker in workers:
                worker.work(20 + 7 * seed)
            leader = next((worker for worker in workers if worker.leads), workers[0])
            victim = leader if round_ % 2 == 0 else next(worker for worker in workers if worker is not leader)
            victim.kill()
            gone.append(victim)
            workers[workers.index(victim)] = newcomer = Worker(tmp_path)
            newcomer.work(5)
            eventually(lambda: any(worker.leads for worker in workers), what="another one has the role")
        for worker in workers:
            worker.kill()
        gone += workers
    said = 10 * sum(worker.handed_over for worker in gone)
    report = total(tmp_path)
    # Between handing over and saying so there is a moment: one hand-over a worker may be there that nobody has heard of.
    assert said <= report.rows + report.late <= said + 10 * len(gone)
    assert report.late == 0


def test_a_worker_that_is_stopped_holds_nobody_up(tmp_path: Path) -> None:
    with working(tmp_path, 2) as (first, second):
        stopped, other = (first, second) if first.leads else (second, first)
        stopped.process.send_signal(signal.SIGSTOP)
        other.work(200)
        stopped.process.send_signal(signal.SIGCONT)
        stopped.work(5)

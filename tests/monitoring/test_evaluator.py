"""Whoever evaluates counts every row that others had counted in time, however long nobody has looked."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from otel_ml import guard
from otel_ml.drift import Settings
from otel_ml.monitoring.channel import PATIENCE, SETTLING, Channel, Shared
from otel_ml.monitoring.post import Post
from tests.drift.made import Wall
from tests.monitoring.posts import BASELINE, NOW, SHAPE, add

HOUR = 3_600.0


class Service:
    """Workers of one folder, on clocks that a test moves."""

    def __init__(self, path: Path, workers: int, settings: Settings | None = None) -> None:
        self._path, self._settings = path, settings or Settings()
        self._began, self.wall = time.monotonic(), Wall(NOW)
        self.workers = [self.start() for _ in range(workers)]

    def start(self) -> Post:
        def channel() -> tuple[Channel, Path | None]:
            shared = Shared(self._path, SHAPE, 1 << 18)
            return shared, shared.folder.state

        return Post(BASELINE, self._settings, channel, self.wall)

    def beat(self, *workers: Post) -> None:
        for worker in workers or self.workers:
            worker.beat(self._began + self.wall.now - NOW, at_once=True)

    def count(self, worker: Post, rows: int) -> None:
        add(worker, rows, worker.step_of(self.wall.now))
        self.beat(worker)

    def wait(self, seconds: int, *workers: Post) -> None:
        for _ in range(seconds):
            self.wall.now += 1
            self.beat(*workers)

    def restart(self, *, killed: bool) -> None:
        for worker in self.workers:
            if killed:
                worker.leave()
            else:
                worker.close()
        self.workers = [self.start() for _ in self.workers]

    def counted(self) -> tuple[int, int]:
        """Rows that count, and late ones."""
        (leader,) = (worker for worker in self.workers if worker.leads)
        report = leader.report()
        return report.rows, report.late


@pytest.mark.parametrize("killed", [True, False])
def test_what_waits_to_be_read_in_a_restart_is_not_late_after_a_long_pause(tmp_path: Path, killed: bool) -> None:
    service = Service(tmp_path, 2)
    first, second = service.workers
    service.count(first, 100)
    service.count(second, 10)
    service.wait(5)
    first.close()  # which saves
    service.workers[0] = service.start()
    service.wait(55)
    service.count(second, 50)
    service.restart(killed=killed)
    service.wall.now += HOUR
    service.wait(10)
    assert service.counted() == (160, 0)


def test_the_silence_before_a_restart_counts_once_all_is_read(tmp_path: Path) -> None:
    service = Service(tmp_path, 2)
    service.count(service.workers[0], 100)
    service.wait(10)
    service.restart(killed=False)
    service.wall.now += HOUR
    service.wait(int(SETTLING) + 2)
    (leader,) = (worker for worker in service.workers if worker.leads)
    assert leader.report().steps > 0


def test_what_others_counted_while_the_leader_stood_still_is_not_late(tmp_path: Path) -> None:
    service = Service(tmp_path, 3)
    leader, *others = service.workers
    service.beat()
    assert leader.leads
    service.count(others[0], 10)
    service.wait(5)
    for _ in range(10):
        service.wait(40, *others)
        for worker in others:
            service.count(worker, 10)
    service.wait(10)
    assert service.counted() == (210, 0)


@pytest.mark.parametrize("seed", range(4))
def test_restarts_change_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    own = Settings(window=(1.0, 10.0, 60.0, 10.0)[seed])
    whole, cut = (Service(tmp_path / name, 2, own) for name in ("whole", "cut"))
    total = 0
    for _ in range(12):
        for _ in range(chance.choice([3, 12, 40])):
            for index in range(2):
                if chance.random() < 0.4:
                    rows = chance.choice([1, 10, 50])
                    total += rows
                    for service in (whole, cut):
                        service.count(service.workers[index], rows)
            whole.wait(1)
            cut.wait(1)
        cut.restart(killed=chance.random() < 0.5)
        pause = chance.choice([0, 5, 60, 300])
        whole.wait(pause)
        cut.wall.now += pause
    whole.wait(10)
    cut.wait(10)
    assert cut.counted() == whole.counted() == (total, 0)


def test_a_log_that_can_not_be_read_yet_is_waited_for_until_it_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "RERAISE", False)
    service = Service(tmp_path, 1)
    (worker,) = service.workers
    channel = Shared(tmp_path, SHAPE, 1 << 18)
    service.count(worker, 10)
    assert len(channel.receive(0.0, everything=True)) == 1
    service.count(worker, 10)
    [log] = (path for path in tmp_path.glob("worker-*") if path.name.endswith("001"))
    data = log.read_bytes()
    place = next(iter(set(channel.places.values())))
    log.write_bytes(data[: 64 + place] + b"x" * 16 + data[64 + place + 16 :])
    said = []
    for _ in range(PATIENCE + 1):
        assert channel.receive(0.0) == []
        said.append(channel.holds_back())
    assert said == [True] * (PATIENCE - 1) + [False] * 2
    channel.close()

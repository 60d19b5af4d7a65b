"""The log between workers: nothing in part, nothing twice, nothing written over before it was read."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_ml.monitoring.log import DamagedLog, Log

CAPACITY = 1 << 12


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def read_all(log: Log, place: int = 0) -> list[bytes]:
    return [payload for payload, _ in log.read(place)]


def test_another_process_reads_what_was_appended_in_order(file: int) -> None:
    writer, reader = Log.create(file, CAPACITY), Log(file)
    assert writer.append(b"one")
    assert writer.append(b"")
    assert writer.append(b"three")
    assert writer.id == reader.id
    assert read_all(reader) == [b"one", b"", b"three"]


def test_a_place_leads_to_what_follows(file: int) -> None:
    log = Log.create(file, CAPACITY)
    log.append(b"one")
    ((_, place),) = log.read(0)
    log.append(b"two")
    assert read_all(log, place) == [b"two"]


def test_a_full_log_takes_no_more_until_some_is_freed_and_then_comes_round(file: int) -> None:
    log, payloads = Log.create(file, CAPACITY), random.Random(3)
    place = 0
    expected: list[bytes] = []
    for number in range(2_000):
        payload = bytes([number % 256]) * payloads.randrange(300)
        while not log.append(payload):
            for found, after in log.read(place):
                assert found == expected.pop(0)
                place = after
            log.free(place)
            assert log.used == 0.0
        expected.append(payload)
    assert read_all(log, place) == expected


def test_what_is_larger_than_the_log_is_refused(file: int) -> None:
    assert not Log.create(file, CAPACITY).append(bytes(CAPACITY))


def test_a_reader_that_was_overtaken_is_told(file: int) -> None:
    log = Log.create(file, CAPACITY)
    log.append(bytes(1_000))
    for _ in range(20):
        log.free(log.end)
        log.append(bytes(1_000))
    with pytest.raises(DamagedLog):
        read_all(log, 0)


def test_a_writer_that_is_paused_in_the_midst_of_moving_the_end_is_waited_for(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log.create(file, CAPACITY)
    log.append(b"one")
    whole = os.pread(file, 16, 32)
    os.pwrite(file, b"\x09", 32)
    paused: list[float] = []

    def go_on(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            os.pwrite(file, whole, 32)

    monkeypatch.setattr(time, "sleep", go_on)
    assert read_all(log) == [b"one"]
    assert len(paused) == 3
    assert sum(paused) < 0.001, "callers hold a lock"


def test_damage_is_found(file: int) -> None:
    log = Log.create(file, CAPACITY)
    log.append(b"what was counted")
    os.pwrite(file, b"X", 64 + 16 + 3)
    with pytest.raises(DamagedLog):
        read_all(log)


def test_another_kind_of_file_is_refused(file: int) -> None:
    os.pwrite(file, b"something else" * 100, 0)
    with pytest.raises(DamagedLog):
        Log(file)


def test_a_file_that_is_cut_off_is_refused(file: int) -> None:
    Log.create(file, CAPACITY)
    for size in (0, 40, 64, CAPACITY):
        os.ftruncate(file, size)
        with pytest.raises(DamagedLog):
            Log(file)


def test_room_is_reserved_at_once(file: int) -> None:
    Log.create(file, 1 << 20)
    assert os.fstat(file).st_blocks * 512 >= 1 << 20
    with pytest.raises(OSError, match=r"space|large|limit|argument"):
        Log.create(file, 1 << 60)


WRITER = """
import os, sys
from otel_ml.monitoring.log import Log
log, number = Log(os.open(sys.argv[1], os.O_RDWR)), int(sys.argv[2])
print("ready", flush=True)
while True:
    payload = number.to_bytes(8, "big") * (1 + number % 50)
    if log.append(payload):
        number += 1
"""


def test_a_writer_that_is_killed_leaves_no_half_of_a_record_and_another_one_goes_on(file: int, tmp_path: Path) -> None:
    log, place, count = Log.create(file, CAPACITY), 0, 0
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "log"), str(count)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            goal = count + 2_000
            while count < goal:
                place, count = _follow(log, place, count)
            writer.send_signal(signal.SIGKILL)
            writer.wait(60)
        place, count = _follow(log, place, count)
        assert log.used == 0.0
    assert count >= 10_000


def _follow(log: Log, place: int, count: int) -> tuple[int, int]:
    for payload, after in log.read(place):
        assert payload == count.to_bytes(8, "big") * (1 + count % 50), "in order, each once and whole"
        count, place = count + 1, after
    log.free(place)
    return place, count

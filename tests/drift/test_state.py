"""A restart is as if it had not been, and no file on disk keeps a monitor from starting."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift import Change, Monitor, Settings, load, save
from otel_ml.drift.state import StateWarning
from tests.drift.made import Wall, baseline, categorical, numeric, uniform
from tests.support.descriptors import run_out

BASELINE = baseline(numeric("a"), numeric("b"), categorical("city", "Oslo", "Rome"), numeric("score", subject="score"))
SETTINGS = Settings(lateness=30)
WALL = Wall()


def feed(one: Monitor, first: int, last: int) -> list[Change]:
    """Batches of 100 rows, six a minute and at times late, in which everything happens once."""
    changes = list[Change]()
    for batch in range(first, last):
        rng = np.random.default_rng(batch)
        features: dict[str, np.ndarray] = uniform(rng, 100, "a", "b")
        features["city"] = rng.choice(["Oslo", "Rome"], 100).astype(object)
        if 60 < batch < 200:
            features["a"] = features["a"] * 0.4
            features["b"][::20] = np.nan
        if batch > 100:
            features["city"][::25] = "Paris"
        times = batch * 10 + rng.uniform(-60, 10, 100)
        ids = [f"{batch}-{row}" for row in range(100)]
        one.observe(features, {"score": rng.uniform(size=100)}, rows=100, times=times, ids=ids)
        if batch % 3 == 0:
            changes += one.advance()
    return changes


def same(one: Monitor, other: Monitor) -> bool:
    return one.report() == other.report() and one.snapshot(ended=True).first == other.snapshot(ended=True).first


@settings(max_examples=6, deadline=None)
@given(cut=st.integers(1, 239))
def test_a_restart_at_any_batch_is_as_if_it_had_not_been(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("state") / "state.npz"
    whole, before = Monitor(BASELINE, SETTINGS, wall=WALL), Monitor(BASELINE, SETTINGS, wall=WALL)
    expected = feed(whole, 0, 240) + whole.flush()
    found = feed(before, 0, cut)
    save(before, path)
    after = load(path, BASELINE, SETTINGS, wall=WALL)
    assert same(before, after)
    assert found + feed(after, cut, 240) + after.flush() == expected
    assert same(whole, after)
    assert {change.cause for change in expected} >= {"distribution", "null", "unseen"}


@pytest.mark.parametrize("options", [{"reference": "previous"}, {"rows_per_step": 450}, {"thresholds": {"psi": 0.2}}])
def test_every_kind_of_monitor_restarts(tmp_path: Path, options: dict[str, object]) -> None:
    own = Settings(**options)  # type: ignore[arg-type]  # of any setting
    whole, before = Monitor(BASELINE, own, wall=WALL), Monitor(BASELINE, own, wall=WALL)
    expected = feed(whole, 0, 200)
    found = feed(before, 0, 77)
    save(before, tmp_path / "state.npz")
    after = load(tmp_path / "state.npz", BASELINE, own, wall=WALL)
    assert found + feed(after, 77, 200) == expected
    assert same(whole, after)


@pytest.mark.parametrize("cut", [3, 50, 101, 109, 230])
def test_a_slow_model_restarts(tmp_path: Path, cut: int) -> None:
    """A batch in an hour, of ten rows: several share a place, of which the state has to know how full it is."""

    def hours(one: Monitor, first: int, last: int) -> list[Change]:
        changes = list[Change]()
        for hour in range(first, last):
            columns = uniform(np.random.default_rng(hour), 10, "a", "b", "score")
            columns["a"] = columns["a"] * (0.5 if 100 < hour < 200 else 1.0)
            features = {"a": columns["a"], "b": columns["b"], "city": np.array(["Oslo", "Rome"] * 5, dtype=object)}
            one.observe(features, {"score": columns["score"]}, rows=10, times=hour * 3_600.0)
            changes += one.advance()
        return changes

    whole, before = Monitor(BASELINE, SETTINGS, wall=WALL), Monitor(BASELINE, SETTINGS, wall=WALL)
    expected = hours(whole, 0, 300) + whole.flush()
    found = hours(before, 0, cut)
    save(before, tmp_path / "state.npz")
    after = load(tmp_path / "state.npz", BASELINE, SETTINGS, wall=WALL)
    assert found + hours(after, cut, 300) + after.flush() == expected
    assert same(whole, after)
    assert [change.detected for change in expected if change.name == "a"] == [True, False]


def test_changes_that_nobody_has_asked_for_are_not_lost(tmp_path: Path) -> None:
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    for minute in range(5):
        one.observe({"a": np.full(3_000, 0.99)}, rows=3_000, times=minute * 60.0)
    save(one, tmp_path / "state.npz")
    changes = load(tmp_path / "state.npz", BASELINE, SETTINGS, wall=WALL).advance()
    assert changes == one.advance()
    assert changes


def test_what_is_saved_beside_comes_back(tmp_path: Path) -> None:
    beside: dict[str, object] = {}
    save(Monitor(BASELINE, SETTINGS), tmp_path / "state.npz", {"place": [1, 2]})
    load(tmp_path / "state.npz", BASELINE, SETTINGS, beside=beside)
    assert beside == {"place": [1, 2]}


def test_without_a_file_a_monitor_is_new(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path / "state.npz", BASELINE).report().rows == 0


def damaged(data: bytes, how: str) -> bytes:
    return {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "text": b"not a state",
        "flipped": data[:300] + b"\xff" * 200 + data[500:],
    }[how]


@pytest.mark.parametrize("how", ["cut", "empty", "text", "flipped"])
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, how: str) -> None:
    path = tmp_path / "state.npz"
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    feed(one, 0, 20)
    save(one, path)
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.warns(StateWarning, match=r"state\.npz is damaged.*state\.npz\.damaged.*begins anew"):
        assert load(path, BASELINE, SETTINGS).report().rows == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.npz.damaged"]


def test_a_file_that_can_not_be_opened_now_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    feed(one, 0, 20)
    save(one, path)
    with run_out(), pytest.raises(OSError, match="Too many open files"):
        load(path, BASELINE, SETTINGS, wall=WALL)
    assert same(one, load(path, BASELINE, SETTINGS, wall=WALL))


@pytest.mark.parametrize("part", ["read_bytes", "restore"])
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError()])
def test_what_fails_around_a_file_says_nothing_about_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    path = tmp_path / "state.npz"
    save(Monitor(BASELINE, SETTINGS), path)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path if part == "read_bytes" else Monitor, part, fail)
    with pytest.raises(type(error)):
        load(path, BASELINE, SETTINGS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.npz"]


def test_an_array_that_damage_makes_larger_than_memory_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    feed(one, 0, 20)
    save(one, path)
    data = path.read_bytes()
    larger = re.sub(rb"\((\d+,\), }) {13}", rb"(9999999999999\1", data, count=1)
    assert len(larger) == len(data)
    assert larger != data
    path.write_bytes(larger)
    with pytest.warns(StateWarning, match="damaged"):
        load(path, BASELINE, SETTINGS)


def test_a_directory_in_its_place_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "state.npz").mkdir()
    with pytest.warns(StateWarning, match="damaged"):
        assert load(tmp_path / "state.npz", BASELINE).report().rows == 0


def test_a_file_that_is_no_state_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    with path.open("wb") as file:
        np.savez(file, x=np.arange(3))
    with pytest.warns(StateWarning, match="damaged"):
        load(path, BASELINE)
    with path.open("wb") as file:
        np.savez(file, plain=np.array([{"a": 1}], dtype=object))  # a pickle is never loaded
    with pytest.warns(StateWarning, match="damaged"):
        load(path, BASELINE)


def test_every_bit_is_needed_or_harmless(tmp_path: Path) -> None:
    """Whatever byte is overwritten, there is a monitor: what was saved, or a new one with a warning."""
    path = tmp_path / "state.npz"
    one = Monitor(baseline(numeric("a", 2)), SETTINGS, wall=WALL)
    one.observe({"a": np.full(10, 0.5)}, rows=10, times=0.0)
    save(one, path)
    data = path.read_bytes()
    for place in range(0, len(data), max(1, len(data) // 200)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            rows = load(path, baseline(numeric("a", 2)), SETTINGS, wall=WALL).report().rows
        assert rows == (0 if told else 10)


@pytest.mark.parametrize(
    ("other", "own"),
    [
        (baseline(numeric("a"), id="ba9876543210"), SETTINGS),
        (BASELINE, Settings(window=30)),
        (BASELINE, Settings(lateness=30, reference="previous")),
    ],
)
def test_a_file_of_another_baseline_or_of_other_settings_is_set_aside(
    tmp_path: Path, other: object, own: Settings
) -> None:
    path = tmp_path / "state.npz"
    save(Monitor(BASELINE, SETTINGS), path)
    with pytest.warns(StateWarning, match=r"foreign.*another.*state\.npz\.foreign"):
        load(path, other, own)  # type: ignore[arg-type]  # a baseline
    assert (tmp_path / "state.npz.foreign").exists()


def test_a_file_that_can_not_be_moved_is_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(b"not a state")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.warns(StateWarning, match="could not be set aside"):
        assert load(path, BASELINE).report().rows == 0


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    feed(one, 0, 10)
    save(one, path)
    before = path.read_bytes()
    feed(one, 10, 20)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "open", full)
    with pytest.raises(OSError, match="No space"):
        save(one, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.npz"]


def test_saving_and_counting_may_overlap(tmp_path: Path) -> None:
    one = Monitor(BASELINE, SETTINGS, wall=WALL)
    state = one.state()
    feed(one, 0, 40)
    again = Monitor.restore(BASELINE, SETTINGS, state, wall=WALL)
    assert again.report().rows == 0, "what was taken is a copy"

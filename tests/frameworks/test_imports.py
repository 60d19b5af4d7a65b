"""Hooks that run when a module has been imported."""

from __future__ import annotations

import functools
import importlib
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from otel_ml import guard
from otel_ml.frameworks.imports import ImportHooks
from tests.support.wait import PATIENCE

MakeModule = Callable[[str], str]

numbers = itertools.count()


@pytest.fixture
def make_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeModule]:
    """Write a module that nobody has imported, and give its name."""
    made: list[str] = []

    def make(text: str) -> str:
        name = f"module_of_a_test_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        made.append(name)
        return name

    monkeypatch.syspath_prepend(str(tmp_path))
    yield make
    for name in made:
        sys.modules.pop(name, None)


def test_a_hook_runs_after_the_import_and_with_the_whole_module(make_module: MakeModule) -> None:
    name, hooks = make_module("value = 1\n"), ImportHooks()
    seen: list[int] = []
    hooks.start({name: lambda module: seen.append(module.value)})
    assert name not in sys.modules
    importlib.import_module(name)
    importlib.import_module(name)
    assert seen == [1]


def test_a_hook_runs_at_once_for_what_is_imported(make_module: MakeModule) -> None:
    name, hooks = make_module("value = 1\n"), ImportHooks()
    module = importlib.import_module(name)
    seen: list[ModuleType] = []
    hooks.start({name: seen.append})
    assert seen == [module]


def test_nothing_runs_after_stop_until_the_next_start(make_module: MakeModule) -> None:
    name, hooks = make_module("value = 1\n"), ImportHooks()
    seen: list[str] = []
    hooks.start({name: lambda module: seen.append("first")})
    hooks.stop()
    importlib.import_module(name)
    assert seen == []
    hooks.start({name: lambda module: seen.append("second")})
    assert seen == ["second"]


def test_stopped_and_started_before_the_import_runs_once(make_module: MakeModule) -> None:
    name, hooks = make_module("value = 1\n"), ImportHooks()
    seen: list[str] = []

    def note(turn: str, module: ModuleType) -> None:
        seen.append(turn)

    for turn in ("first", "second"):
        hooks.stop()
        hooks.start({name: functools.partial(note, turn)})
    importlib.import_module(name)
    assert seen == ["second"]


def test_an_error_in_a_hook_is_counted_and_does_not_fail_the_import(make_module: MakeModule) -> None:
    name, hooks = make_module("value = 1\n"), ImportHooks()
    before = guard.counts().get("import_hook", 0)

    def fail(module: ModuleType) -> None:
        raise RuntimeError

    hooks.start({name: fail})
    assert importlib.import_module(name).value == 1
    assert guard.counts()["import_hook"] == before + 1


def test_a_module_that_another_thread_is_importing_is_waited_for(make_module: MakeModule) -> None:
    gate = ModuleType("gate_of_a_test")
    gate.begun, gate.go_on = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    sys.modules["gate_of_a_test"] = gate
    name = make_module(
        f"import gate_of_a_test as gate\ngate.begun.set()\nassert gate.go_on.wait({PATIENCE})\nvalue = 1\n"
    )
    seen: list[int] = []
    importing = threading.Thread(target=importlib.import_module, args=(name,))
    hooking = threading.Thread(target=ImportHooks().start, args=({name: lambda module: seen.append(module.value)},))
    try:
        importing.start()
        assert gate.begun.wait(PATIENCE)
        hooking.start()
        gate.go_on.set()
    finally:
        importing.join(PATIENCE)
        hooking.join(PATIENCE)
        del sys.modules["gate_of_a_test"]
    assert seen == [1]

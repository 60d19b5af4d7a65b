from __future__ import annotations

import functools
import gc
import os
import pickle
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from otel_ml.patching import Patcher
from tests.support.wait import PATIENCE


class Model:
    def predict(self, rows: list[int]) -> list[int]:
        """Double them."""
        return [2 * row for row in rows]

    @staticmethod
    def fixed() -> str:
        return "fixed"

    @classmethod
    def named(cls) -> str:
        return cls.__name__


class Derived(Model):
    pass


class OnlyIf:
    """A descriptor like scikit-learn's available_if."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is not None and not instance.available:
            raise AttributeError("not available")
        return types.MethodType(self.fn, instance)


def counting(calls: list[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            calls.append(original.__name__)
            return original(*args, **kwargs)

        return method

    return make


@pytest.fixture
def patcher() -> Any:
    patcher = Patcher()
    yield patcher
    patcher.undo()


def test_wrapped_method_keeps_its_result_signature_and_documentation(patcher: Patcher) -> None:
    calls: list[str] = []
    assert patcher.wrap(Model, "predict", counting(calls))
    assert Model().predict([1]) == [2]
    assert Derived().predict([2]) == [4]
    assert calls == ["predict", "predict"]
    assert Model.predict.__doc__ == "Double them."
    assert pickle.loads(pickle.dumps(Model().predict))([1]) == [2]


def test_inherited_methods_are_left_to_their_owner(patcher: Patcher) -> None:
    assert not patcher.wrap(Derived, "predict", counting([]))
    assert "predict" not in vars(Derived)


def test_wrapping_twice_calls_once(patcher: Patcher) -> None:
    calls: list[str] = []
    assert patcher.wrap(Model, "predict", counting(calls))
    assert not patcher.wrap(Model, "predict", counting(calls))
    Model().predict([1])
    assert calls == ["predict"]
    assert patcher.count() == 1


@pytest.mark.parametrize("name", ["predict", "fixed", "named"])
def test_undo_restores_the_very_entry(patcher: Patcher, name: str) -> None:
    before = vars(Model)[name]
    calls: list[str] = []
    patcher.wrap(Model, name, counting(calls))
    assert type(vars(Model)[name]) is type(before)
    assert getattr(Model(), name)(*([[1]] if name == "predict" else []))
    patcher.undo()
    assert calls == [name]
    assert vars(Model)[name] is before
    assert patcher.count() == 0


def test_a_conditional_method_stays_conditional(patcher: Patcher) -> None:
    class Meta:
        available = True

        @OnlyIf
        def predict(self) -> int:
            return 1

    descriptor, function = vars(Meta)["predict"], vars(Meta)["predict"].fn
    calls: list[str] = []
    assert patcher.wrap(Meta, "predict", counting(calls))
    assert vars(Meta)["predict"] is descriptor
    model = Meta()
    assert model.predict() == 1
    model.available = False
    assert not hasattr(model, "predict")
    assert calls == ["predict"]
    patcher.undo()
    assert descriptor.fn is function


def test_module_functions_and_names_that_share_one(patcher: Patcher) -> None:
    calls: list[str] = []

    def original() -> int:
        return 3

    module, other = types.ModuleType("one"), types.ModuleType("two")
    module.function = original  # type: ignore[attr-defined]
    patcher.wrap(module, "function", counting(calls))
    other.copy = module.function  # type: ignore[attr-defined]  # what `from one import function` does meanwhile
    assert not patcher.wrap(other, "copy", counting(calls))
    assert other.copy() == 3
    assert len(calls) == 1
    patcher.undo()
    assert module.function is original
    assert other.copy is original


def test_what_is_no_function_is_left_alone(patcher: Patcher) -> None:
    class Odd:
        predict = property(lambda self: 1)
        fit = 3
        score = int

    before = dict(vars(Odd))
    assert not any(patcher.wrap(Odd, name, counting([])) for name in ("predict", "fit", "score", "absent"))
    assert dict(vars(Odd)) == before


def test_a_class_that_cannot_be_changed_is_left_alone(patcher: Patcher) -> None:
    assert not patcher.wrap(str, "upper", counting([]))
    assert not patcher.add(str, "predict", lambda self: self)
    assert patcher.count() == 0
    assert "a".upper() == "A"


def test_an_added_attribute_goes_away_again(patcher: Patcher) -> None:
    assert patcher.add(Derived, "named", lambda cls: "added", classmethod)
    assert not patcher.add(Derived, "named", lambda cls: "again", classmethod)
    assert Derived.named() == "added"
    patcher.undo()
    assert "named" not in vars(Derived)
    assert Derived.named() == "Derived"


def test_undo_leaves_a_wrapper_that_somebody_put_around_ours(patcher: Patcher) -> None:
    class Local(Model):
        def predict(self, rows: list[int]) -> list[int]:
            return rows

    calls: list[str] = []
    patcher.wrap(Local, "predict", counting(calls))
    theirs = counting(["theirs"])(vars(Local)["predict"])
    Local.predict = theirs  # type: ignore[method-assign]
    patcher.undo()
    assert vars(Local)["predict"] is theirs
    assert Local().predict([1]) == [1]


def test_the_registry_keeps_no_class_alive(patcher: Patcher) -> None:
    class Local(Model):
        def predict(self, rows: list[int]) -> list[int]:
            return super().predict(rows)  # refers to the class through its closure

    patcher.wrap(Local, "predict", counting([]))
    reference = weakref.ref(Local)
    del Local
    gc.collect()
    assert reference() is None
    patcher.undo()


def test_threads_that_wrap_at_once_wrap_once(patcher: Patcher) -> None:
    calls: list[str] = []
    barrier = threading.Barrier(8)
    wrapped: list[bool] = []

    def work() -> None:
        barrier.wait(PATIENCE)
        wrapped.append(patcher.wrap(Model, "predict", counting(calls)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    Model().predict([1])
    assert sorted(wrapped) == [False] * 7 + [True]
    assert calls == ["predict"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_child_forked_while_another_thread_patches_can_patch(patcher: Patcher) -> None:
    inside, done = threading.Event(), threading.Event()

    def slow(original: Callable[..., Any]) -> Callable[..., Any]:
        inside.set()
        done.wait(PATIENCE)
        return counting([])(original)

    thread = threading.Thread(target=patcher.wrap, args=(Model, "fixed", slow))
    thread.start()
    assert inside.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        worker = threading.Thread(target=patcher.wrap, args=(Model, "predict", counting([])), daemon=True)
        worker.start()
        worker.join(PATIENCE)
        os._exit(1 if worker.is_alive() else 0)
    done.set()
    thread.join(PATIENCE)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

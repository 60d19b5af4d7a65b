"""Replace what a class, a module or a descriptor owns by a wrapper, and put exactly the old entry back.

Wrappers are plain functions: with wrapt's proxies in a class, ``pickle.dumps(model.predict)`` and
``joblib.delayed(model.predict)`` fail. A replaced entry is kept on its wrapper, and the registry has weak references
only: a class made in a function dies as it would without us.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]

_REPLACED = "__otel_ml_replaced__"


class Absent:
    """Stands for "the owner had no such entry". A class, because those are pickled by name."""


class Patcher:
    """What was replaced, and by what. Idempotent and thread-safe.

    >>> import functools
    >>> def loud(original):
    ...     @functools.wraps(original)
    ...     def method(*args, **kwargs):
    ...         return original(*args, **kwargs).upper()
    ...     return method
    >>> class Greeter:
    ...     def greet(self):
    ...         return "hello"
    >>> patcher = Patcher()
    >>> patcher.wrap(Greeter, "greet", loud), patcher.wrap(Greeter, "greet", loud)
    (True, False)
    >>> Greeter().greet()
    'HELLO'
    >>> patcher.undo()
    >>> Greeter().greet()
    'hello'
    """

    def __init__(self) -> None:
        self._owners: weakref.WeakSet[Any] = weakref.WeakSet()
        self._ours: weakref.WeakSet[Function] = weakref.WeakSet()
        self._lock = threading.RLock()
        # A fork while another thread patches would leave the child with a lock that nobody releases.
        os.register_at_fork(after_in_child=functools.partial(_renew_lock, weakref.ref(self)))

    def wrap(self, owner: Any, name: str, make: Callable[[Function], Function]) -> bool:
        """Replace the function that `owner` itself has under `name`, if it has one that is not ours already.

        Args:
            owner: a class, a module, or any object that takes attributes. What it inherits is left alone: it is wrapped
                where it is owned, or else it would be wrapped twice.
            name: an attribute: a function, a static or class method, or a descriptor that keeps its function in ``fn``.
                Such a descriptor (scikit-learn's ``available_if``) stays and gets another ``fn``, since it decides
                whether an object has the method at all.
            make: gets the function and returns a function in its place.

        Returns:
            Whether something was replaced. A compiled class that cannot be changed is left alone.
        """
        with self._lock:
            entry = vars(owner).get(name, Absent)
            if not callable(entry) and callable(getattr(entry, "__dict__", {}).get("fn")):
                return self.wrap(entry, "fn", make)
            rebuild = type(entry) if isinstance(entry, staticmethod | classmethod) else None
            function = entry.__func__ if isinstance(entry, staticmethod | classmethod) else entry
            if isinstance(function, type) or not callable(function):
                return False
            if function in self._ours:  # by another name, or imported while patched: to be restored here too
                self._owners.add(owner)
                return False
            return self._replace(owner, name, entry, make(function), rebuild)

    def add(self, owner: Any, name: str, function: Function, kind: type | None = None) -> bool:
        """Give `owner` an attribute of its own that it only inherits so far.

        Args:
            owner: a class or a module.
            name: the attribute's name.
            function: what it is to be.
            kind: `staticmethod` or `classmethod`, or None for a plain function.

        Returns:
            Whether it was added: not if `owner` has such an attribute of its own.
        """
        with self._lock:
            if name in vars(owner):
                return False
            return self._replace(owner, name, Absent, function, kind)

    def undo(self) -> None:
        """Put every old entry back. Where somebody has wrapped our wrapper since, it stays and does nothing."""
        with self._lock:
            for owner in list(self._owners):
                for name, entry in list(vars(owner).items()):
                    function = getattr(entry, "__func__", entry)
                    if callable(function) and _is_in(self._ours, function):
                        self._restore(owner, name, getattr(function, _REPLACED))
            self._owners.clear()
            self._ours.clear()

    def count(self) -> int:
        """How many functions are replaced at present."""
        with self._lock:
            return len(self._ours)

    def _replace(self, owner: Any, name: str, entry: Any, ours: Function, kind: type | None) -> bool:
        setattr(ours, _REPLACED, entry)
        try:
            self._owners.add(owner)
            setattr(owner, name, ours if kind is None else kind(ours))
        except (TypeError, AttributeError):  # a compiled class that cannot be changed
            return False
        self._ours.add(ours)
        return True

    @staticmethod
    def _restore(owner: Any, name: str, entry: Any) -> None:
        if entry is Absent:
            delattr(owner, name)
        else:
            setattr(owner, name, entry)


def _renew_lock(reference: weakref.ref[Patcher]) -> None:
    patcher = reference()
    if patcher is not None:
        patcher._lock = threading.RLock()


def _is_in(functions: weakref.WeakSet[Function], candidate: Function) -> bool:
    try:
        return candidate in functions
    except TypeError:  # a module holds callables that cannot be hashed, too
        return False

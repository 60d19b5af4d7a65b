"""joblib's worker threads and processes lose the OpenTelemetry context: tell them that they work for an outer call.

Without it a RandomForestClassifier with four jobs would count each tree's prediction as one of its own. The patch is
on joblib's `Parallel`, which scikit-learn's derives from: so it needs nothing of how that hands settings over.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from otel_ml.context import carried, is_active
from otel_ml.frameworks.imports import ImportHooks
from otel_ml.patching import Function, Patcher

_patcher = Patcher()
_hooks = ImportHooks()

Task = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def instrument() -> None:
    """Carry "this is part of an outer call" into joblib's workers."""
    _hooks.start({"joblib.parallel": _patch})


def uninstrument() -> None:
    """Leave joblib as it was."""
    _hooks.stop()
    _patcher.undo()


def _patch(module: ModuleType) -> None:
    _patcher.wrap(module.Parallel, "__call__", _carrying)


def _carrying(original: Function) -> Function:
    @functools.wraps(original)
    def call(self: Any, iterable: Iterable[Task]) -> Any:
        # One job runs in this thread and keeps the context.
        if getattr(self, "n_jobs", None) == 1 or not is_active():
            return original(self, iterable)
        # Made here, once: joblib takes the later tasks from the iterable in threads that have lost the context.
        inside = carried(_run)
        tasks = ((inside, (function, *args), kwargs) for function, args, kwargs in iterable)
        # joblib says "3 out of 10" only if the tasks have a length.
        return original(self, list(tasks) if hasattr(iterable, "__len__") else tasks)

    return call


def _run(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)

"""Run something when a module has been imported, at once if it has been already, and stop doing so later."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType

import wrapt

from otel_ml.guard import guarded

Hook = Callable[[ModuleType], None]


class ImportHooks:
    """Post-import hooks that can be switched off: wrapt's cannot be unregistered, so ours ask before they act."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hook] = {}
        self._registered: set[str] = set()

    def start(self, hooks: Mapping[str, Hook]) -> None:
        """Run each hook when its module is imported; now, where it is imported already."""
        self._hooks = dict(hooks)
        for name in hooks:
            if name in sys.modules:
                # Waits for another thread that is in the middle of importing it; imports nothing new.
                self._fire(importlib.import_module(name))
            elif name not in self._registered:
                self._registered.add(name)
                wrapt.register_post_import_hook(self._fire, name)

    def stop(self) -> None:
        """Let later imports pass."""
        self._hooks = {}

    @guarded("import_hook")  # an error here would fail the user's import
    def _fire(self, module: ModuleType) -> None:
        hook = self._hooks.get(module.__name__)
        if hook is not None:
            hook(module)

"""Which methods of which classes are wrapped.

scikit-learn calls itself a lot (one `predict` of a stacking classifier is 18), classes inherit and override, and
programs derive their own: so every class that owns such a method is patched, and the outermost call wins.
"""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from otel_ml.calls import quiet, refitted, traced
from otel_ml.frameworks.sklearn.describe import describe
from otel_ml.guard import guarded
from otel_ml.patching import Function, Patcher

PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")

FITTING = ("fit", "partial_fit", "fit_predict", "fit_transform", "fit_resample")

# `transform`, because imputers, stacking and voting predict in it; `staged_*` show how a model was trained.
NOT_TRAFFIC = (
    "transform",
    "score",
    "sample_y",
    "staged_predict",
    "staged_predict_proba",
    "staged_decision_function",
    "staged_score",
)


class Estimators:
    """Patches `BaseEstimator`, all classes derived from it now, and those that will be.

    Args:
        patcher: keeps what was replaced.
        transform: whether `transform` is recorded like a prediction.
    """

    def __init__(self, patcher: Patcher, *, transform: bool) -> None:
        self.transform = transform
        self._patcher = patcher
        operations = (*PREDICTIONS, "transform") if transform else PREDICTIONS
        self._makers: dict[str, Callable[[Function], Function]] = dict.fromkeys(NOT_TRAFFIC, _quiet)
        self._makers |= dict.fromkeys(FITTING, refitted)
        self._makers |= {name: functools.partial(traced, operation=name, describe=describe) for name in operations}
        # Where scikit-learn or a program hooks into the making of classes, ours comes after: _SetOutputMixin replaces
        # `transform`, and has to find its own.
        self._makers["__init_subclass__"] = self._announcing
        self._stopped = False
        self._complete: weakref.WeakSet[type] = weakref.WeakSet()
        self._being_made = threading.local()

    def patch(self, module: ModuleType) -> None:
        """Patch the classes of ``sklearn.base`` and all estimators; later and unpickled ones will follow."""
        base = module.BaseEstimator
        announce = functools.partial(_inherited_init_subclass, base)
        self._patcher.add(base, "__init_subclass__", self._announcing(announce), classmethod)
        self._patcher.wrap(base, "__setstate__", self._completing)
        # The mixins first: the hook of _SetOutputMixin must be known before a class with it is made.
        mixins = [cls for cls in vars(module).values() if isinstance(cls, type) and cls.__module__ == module.__name__]
        for cls in (*mixins, *_family(base)):
            self._patch_complete(cls)

    def stop(self) -> None:
        """Patch no more classes: somebody may have wrapped one of our hooks, which then outlives `Patcher.undo`."""
        self._stopped = True

    def __reduce__(self) -> tuple[Any, ...]:
        """Do nothing where a class of ``__main__`` is loaded: cloudpickle takes our hooks along with it."""
        return _stopped, ()

    def _patch_complete(self, cls: type) -> None:
        if cls not in self._complete:
            self._patch_class(cls)
            self._complete.update(cls.__mro__)

    @guarded("sklearn.patch")  # runs while the user's program makes a class or loads a model
    def _patch_class(self, cls: type) -> None:
        for owner in () if self._stopped else cls.__mro__:
            if owner is not object and owner not in self._complete:
                for name in self._makers.keys() & vars(owner).keys():
                    self._patcher.wrap(owner, name, self._makers[name])

    def _announcing(self, original: Function) -> Function:
        """Wrap an `__init_subclass__`: the outermost of those that run for a new class patches it at the end."""

        @functools.wraps(original)
        def init_subclass(cls: type, /, **kwargs: Any) -> None:
            being_made: set[type] = self._being_made.__dict__.setdefault("classes", set())
            if cls in being_made:
                original(cls, **kwargs)
                return
            being_made.add(cls)
            try:
                original(cls, **kwargs)
            finally:
                being_made.discard(cls)
            self._patch_class(cls)

        return init_subclass

    def _completing(self, original: Function) -> Function:
        """Wrap `__setstate__`: cloudpickle makes a class empty and gives it its methods afterwards."""

        @functools.wraps(original)
        def setstate(estimator: Any, /, state: Any) -> None:
            self._patch_complete(type(estimator))
            original(estimator, state)

        return setstate


def _stopped() -> Estimators:
    estimators = Estimators(Patcher(), transform=False)
    estimators.stop()
    return estimators


def _inherited_init_subclass(base: Any, cls: type, /, **kwargs: Any) -> None:
    super(base, cls).__init_subclass__(**kwargs)


def _family(base: type) -> Iterator[type]:
    """Yield `base` and everything derived from it."""
    seen = {base}
    pending = [base]
    while pending:
        cls = pending.pop()
        yield cls
        found = set[type](type.__subclasses__(cls)) - seen
        seen |= found
        pending.extend(found)


def _quiet(original: Function) -> Function:
    if inspect.isgeneratorfunction(inspect.unwrap(original)):
        return _quiet_steps(original)
    return quiet(original)


def _quiet_steps(original: Function) -> Function:
    """Make each step of a generator quiet, but not the caller's code between two steps."""
    step = quiet(next)

    @functools.wraps(original)
    def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
        iterator = original(*args, **kwargs)
        try:
            while True:
                try:
                    value = step(iterator)
                except StopIteration:
                    return
                yield value
        finally:
            iterator.close()

    return generate

"""scikit-learn: every estimator's predictions, and none that are part of fitting or judging a model."""

from __future__ import annotations

from types import ModuleType

from otel_ml.frameworks.imports import Hook, ImportHooks
from otel_ml.frameworks.sklearn.estimators import Estimators
from otel_ml.frameworks.sklearn.evaluation import EVALUATION, quiet_evaluation
from otel_ml.patching import Patcher

_patcher = Patcher()
_hooks = ImportHooks()
_estimators: Estimators | None = None


def instrument(*, transform: bool = False) -> None:
    """Record predictions as soon as the program imports scikit-learn.

    Args:
        transform: whether the outermost call of a transformer's ``transform`` is recorded too.
    """
    global _estimators
    if _estimators is not None:
        if _estimators.transform == transform:
            return
        uninstrument()
    _estimators = estimators = Estimators(_patcher, transform=transform)

    def evaluation(module: ModuleType) -> None:
        quiet_evaluation(_patcher, module)

    hooks: dict[str, Hook] = dict.fromkeys(EVALUATION, evaluation)
    _hooks.start({"sklearn.base": estimators.patch, **hooks})


def uninstrument() -> None:
    """Leave scikit-learn, and every class derived from it, as it was."""
    global _estimators
    _hooks.stop()
    if _estimators is not None:
        _estimators.stop()
        _estimators = None
    _patcher.undo()


def patched() -> int:
    """How many functions are wrapped at present."""
    return _patcher.count()

"""Which model an object is: its identity, from the user, the environment, or the object itself."""

from __future__ import annotations

import hashlib
import logging
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from otel_ml import registrations
from otel_ml.config import Config
from otel_ml.counts import ModelCounts, SeriesBudget
from otel_ml.endings import Endings
from otel_ml.models import Identity, Model, ModelInfo
from otel_ml.monitoring.watches import Watches
from otel_ml.privacy import Policy
from otel_ml.registrations import check

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.monitoring.watch import Watch
    from otel_ml.registrations import Registration

MAX_MODELS = 200
"""Identities with series of their own: a program that fits models in a loop must not grow without bound."""

OVERFLOW_NAME = "other"

_logger = logging.getLogger(__name__)


class _Entry:
    """What is remembered of one model object, which is held weakly."""

    __slots__ = ("info", "model", "reference")

    def __init__(self, reference: Callable[[], object]) -> None:
        self.reference = reference
        self.info: ModelInfo | None = None
        self.model: Model | None = None


class ModelRegistry:
    """Model objects and their identities. Nothing is stored on a model: it may be pickled, cloned or compared at any time."""

    def __init__(self, config: Config, policy: Policy, watches: Watches, on_new: Callable[[Model], None]) -> None:
        self._config = config
        self._policy = policy
        self._watches = watches
        self._on_new = on_new
        self._budget = SeriesBudget(config.metric_features)
        self._lock = threading.RLock()  # weak references may fire their callback while it is held
        self._entries: dict[int, _Entry] = {}
        self._models: dict[Identity, Model] = {}
        self._endings = Endings(watches, self._models)
        self._named: dict[Identity, Model] = {}  # as it stands in the code: cleaned once
        if config.model_name or config.model_alias or config.model_task:  # refused now, not at the first prediction
            check(config.model_name or OVERFLOW_NAME, None, config.model_alias, config.model_task)
        for registration in registrations.living():
            self.watch(registration)
        watches.on_tidy = self.tidy

    def info(self, model: object, describe: Callable[[object], ModelInfo]) -> ModelInfo:
        """What the framework tells about an object, asked once until it is fitted again."""
        entry = self._entries.get(id(model))
        if entry is not None and entry.info is not None and entry.reference() is model:
            return entry.info
        info = describe(model)
        with self._lock:
            entry = self._entry(model)
            if entry is not None:
                entry.info = info
        return info

    def resolve(self, model: object, describe: Callable[[object], ModelInfo], input_names: tuple[str, ...]) -> Model:
        """The `Model` an object belongs to; looked up by the object itself, so a refitted clone is another one."""
        entry = self._entries.get(id(model))
        if entry is not None and entry.model is not None and entry.reference() is model:
            return entry.model
        info = self.info(model, describe)
        with self._lock:
            entry = self._entry(model)
            registered = registrations.find(model)
            if registered is not None:
                identity = self.clean(registered.identity)
                found = self._intern(*self._with_baseline(identity, info, registered.baseline))
            else:
                found = self._intern(*self._default_identity(info, input_names))
            if entry is not None:
                entry.model = found
        return found

    def named(self, identity: Identity) -> Model:
        """The `Model` of an identity given in code."""
        found = self._named.get(identity)
        if found is not None:
            return found
        info = ModelInfo(class_name=identity.name)
        with self._lock:  # what is found here must not outlive its registration
            found = self._intern(*self._with_baseline(self.clean(identity), info, registrations.baseline_of(identity)))
            if len(self._named) < MAX_MODELS:
                self._named[identity] = found
        return found

    def clean(self, identity: Identity) -> Identity:
        """An identity from the user's code, fit for every signal."""
        clean = self._policy.identifier
        return Identity(
            clean(identity.name),
            None if identity.version is None else clean(identity.version),
            identity.alias,
            identity.task,
            tuple(map(clean, identity.classes)),
            identity.baseline,
        )

    def watch(self, registration: Registration) -> None:
        """Count from now on, at zero, for an object that is registered with a baseline; end what was for objects that are gone.

        A service that loads its model anew from time to time would otherwise report the baselines of all former ones.
        """
        with self._lock:
            self._endings.end()
        if registration.baseline is not None:
            opened = self._watches.open(self.clean(registration.identity).attributes(), registration.baseline)
            if opened is not None:
                with self._lock:
                    self._endings.expect(registration.identity, opened)
        with self._lock:
            self._named.clear()  # calls that name this model have a baseline now, or another one

    def tidy(self) -> None:
        """End what was for objects that are gone, and forget what was told for the last time. Under the aggregator's lock."""
        with self._lock:
            if self._endings.are_due:
                self._endings.end()
                self._named.clear()
            self._endings.forget()

    def watch_of(self, model: object) -> Watch | None:
        """What watches an object that was registered with a baseline, or that has made a prediction."""
        entry = self._entries.get(id(model))
        if entry is not None and entry.model is not None and entry.reference() is model:
            return entry.model.watch
        registered = registrations.find(model)
        if registered is None or registered.baseline is None:
            return None
        return self._watches.open(self.clean(registered.identity).attributes(), registered.baseline)

    def forget(self, model: object) -> None:
        """Look a model up afresh at its next call: it was fitted again, so its classes and features may have changed."""
        entry = self._entries.get(id(model))
        if entry is not None:
            entry.info = entry.model = None

    def models(self) -> list[Model]:
        """Every model so far, in the order of their first call."""
        with self._lock:
            return list(self._models.values())

    def reset_counts(self) -> None:
        """Start every count at zero: a forked child has its parent's, and would report them twice."""
        self._lock = threading.RLock()
        self._budget.left = self._config.metric_features
        for model in self._models.values():
            model.counts.reset()
        self._watches.reset()

    def _entry(self, model: object) -> _Entry | None:
        key = id(model)
        entry = self._entries.get(key)
        if entry is not None and entry.reference() is model:
            return entry
        try:
            entry = _Entry(weakref.ref(model, lambda _: self._entries.pop(key, None)))
        except TypeError:
            return None
        self._entries[key] = entry
        return entry

    def _intern(self, identity: Identity, info: ModelInfo, baseline: Baseline | None) -> Model:
        with self._lock:
            found = self._models.get(identity)
            if found is None and len(self._models) >= MAX_MODELS:
                identity, baseline = Identity(OVERFLOW_NAME), None
                found = self._models.get(identity)
                if found is not None:
                    return found
                _logger.warning(
                    "otel-ml has met %d models: all further ones are counted as one, %r, and are not watched for drift",
                    MAX_MODELS,
                    OVERFLOW_NAME,
                )
            watch = None if baseline is None else self._watches.open(identity.attributes(), baseline)
            if found is None or found.info != info or found.watch is not watch:
                counts = found.counts if found else ModelCounts(self._policy, self._config.null_window, self._budget)
                found = Model(identity, info, counts, watch)
                self._models[identity] = found
                self._on_new(found)
            return found

    def _default_identity(
        self, info: ModelInfo, input_names: tuple[str, ...]
    ) -> tuple[Identity, ModelInfo, Baseline | None]:
        """From the environment, for a service of one model; the name otherwise tells the class and the features."""
        config, baseline = self._config, self._watches.default
        name, version = config.model_name, config.model_version
        if name is None and baseline is not None:
            name, version = baseline.model, version or baseline.version
        if name is None:
            features = "\x1f".join(info.feature_names or input_names)
            digest = hashlib.blake2s(features.encode("utf-8", "replace"), digest_size=3).hexdigest()
            name = f"{info.class_name}-{digest}"
        identity = self.clean(check(name, version, config.model_alias, config.model_task, config.model_classes))
        return self._with_baseline(identity, info, None)

    def _with_baseline(
        self, identity: Identity, info: ModelInfo, baseline: Baseline | None
    ) -> tuple[Identity, ModelInfo, Baseline | None]:
        """The baseline that was registered, else that of the configuration if it is not another model's."""
        default = self._watches.default
        if baseline is None and default is not None and default.model in (None, identity.name):
            baseline = default
        return replace(identity, baseline=None if baseline is None else baseline.id), info, baseline

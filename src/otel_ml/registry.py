"""Which model an object is: its identity, from the user, the environment, or the object itself."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable

from otel_ml import registrations
from otel_ml.config import Config
from otel_ml.models import Identity, Model, ModelInfo
from otel_ml.privacy import Policy
from otel_ml.registrations import check
from otel_ml.signals.counts import ModelCounts, SeriesBudget

MAX_MODELS = 200
"""Identities with series of their own: a program that fits models in a loop must not grow without bound."""

OVERFLOW_NAME = "other"


class _Entry:
    """What is remembered of one model object, which is held weakly."""

    __slots__ = ("info", "model", "reference")

    def __init__(self, reference: Callable[[], object]) -> None:
        self.reference = reference
        self.info: ModelInfo | None = None
        self.model: Model | None = None


class ModelRegistry:
    """Model objects and their identities. Nothing is stored on a model: it may be pickled, cloned or compared at any time."""

    def __init__(self, config: Config, policy: Policy, on_new: Callable[[Model], None]) -> None:
        self._config = config
        self._policy = policy
        self._on_new = on_new
        self._budget = SeriesBudget(config.metric_features)
        self._lock = threading.RLock()  # weak references may fire their callback while it is held
        self._entries: dict[int, _Entry] = {}
        self._models: dict[Identity, Model] = {}
        self._named: dict[Identity, Model] = {}  # as it stands in the code: cleaned once
        if config.model_name or config.model_alias or config.model_task:  # refused now, not at the first prediction
            check(config.model_name or OVERFLOW_NAME, None, config.model_alias, config.model_task)

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
            identity = self.clean(registered) if registered else self._default_identity(info, input_names)
            found = self._intern(identity, info)
            if entry is not None:
                entry.model = found
        return found

    def named(self, identity: Identity) -> Model:
        """The `Model` of an identity given in code."""
        found = self._named.get(identity)
        if found is None:
            found = self._intern(self.clean(identity), ModelInfo(class_name=identity.name))
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
        )

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

    def _intern(self, identity: Identity, info: ModelInfo) -> Model:
        with self._lock:
            found = self._models.get(identity)
            if found is None or found.info != info:
                if found is None and len(self._models) >= MAX_MODELS:
                    identity = Identity(OVERFLOW_NAME)
                    found = self._models.get(identity)
                    if found is not None:
                        return found
                counts = found.counts if found else ModelCounts(self._policy, self._config.null_window, self._budget)
                found = Model(identity, info, counts)
                self._models[identity] = found
                self._on_new(found)
            return found

    def _default_identity(self, info: ModelInfo, input_names: tuple[str, ...]) -> Identity:
        """From the environment, for a service of one model; the name otherwise tells the class and the features."""
        config, name = self._config, self._config.model_name
        if name is None:
            features = "\x1f".join(info.feature_names or input_names)
            digest = hashlib.blake2s(features.encode("utf-8", "replace"), digest_size=3).hexdigest()
            name = f"{info.class_name}-{digest}"
        return self.clean(
            check(name, config.model_version, config.model_alias, config.model_task, config.model_classes)
        )

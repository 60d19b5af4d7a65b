"""Which model an object is: its identity, from the user, the environment, or the object itself."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Sequence

from otel_ml.config import Config, ConfigError
from otel_ml.models import Identity, Model, ModelInfo, label_text
from otel_ml.privacy import Policy
from otel_ml.semconv import attributes as names
from otel_ml.signals.counts import ModelCounts, SeriesBudget

MAX_MODELS = 200
"""Identities with series of their own: a program that fits models in a loop must not grow without bound."""

OVERFLOW_NAME = "other"


class _Entry:
    """What is remembered of one model object, which is held weakly."""

    __slots__ = ("identity", "info", "model", "reference")

    def __init__(self, reference: Callable[[], object]) -> None:
        self.reference = reference
        self.identity: Identity | None = None
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
        self._environment = self._from_config(config)

    def register(
        self,
        model: object,
        name: str,
        *,
        version: str | None = None,
        alias: str | None = None,
        task: str | None = None,
        classes: Sequence[object] = (),
    ) -> None:
        """Give a model object an identity of its own.

        Raises:
            ConfigError: the name is empty, the alias or the task is not one of the conventions' values, or the object can
                not be referred to weakly.
        """
        identity = self._identity(name, version, alias, task, classes)
        with self._lock:
            entry = self._entry(model)
            if entry is None:
                raise ConfigError(
                    f"register_model: a {type(model).__name__} can not be held weakly, so its identity would be lost; "
                    f"wrap the call in otel_ml.inference({name!r}, ...) or @otel_ml.observe(name={name!r}) instead"
                )
            entry.identity, entry.info, entry.model = identity, None, None

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
            identity = (entry and entry.identity) or self._environment or self._default_identity(info, input_names)
            found = self._intern(identity, info)
            if entry is not None:
                entry.model = found
        return found

    def named(self, identity: Identity, info: ModelInfo) -> Model:
        """The `Model` of an identity given in code."""
        return self._models.get(identity) or self._intern(identity, info)

    def identity(
        self,
        name: str,
        version: str | None = None,
        alias: str | None = None,
        task: str | None = None,
        classes: Sequence[object] = (),
    ) -> Identity:
        """A checked identity.

        Raises:
            ConfigError: see `register`.
        """
        return self._identity(name, version, alias, task, classes)

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
        features = "\x1f".join(info.feature_names or input_names)
        digest = hashlib.blake2s(features.encode("utf-8", "replace"), digest_size=3).hexdigest()
        return Identity(f"{self._policy.identifier(info.class_name)}-{digest}", version=None)

    def _from_config(self, config: Config) -> Identity | None:
        if config.model_name is None:
            return None
        return self._identity(
            config.model_name, config.model_version, config.model_alias, config.model_task, config.model_classes
        )

    def _identity(
        self, name: str, version: str | None, alias: str | None, task: str | None, classes: Sequence[object]
    ) -> Identity:
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(f"the name of a model must be a non-empty string, not {name!r}")
        _one_of("alias", alias, names.MlModelAliasValues)
        _one_of("task", task, names.MlTaskTypeValues)
        clean = self._policy.identifier
        return Identity(
            clean(name.strip()),
            None if version is None else clean(str(version)),
            alias,
            task,
            tuple(clean(label_text(label)) for label in classes),
        )


def _one_of(what: str, value: str | None, allowed: type) -> None:
    values = [member.value for member in allowed]  # type: ignore[attr-defined]  # an Enum class, which mypy can not say
    if value is not None and value not in values:
        raise ConfigError(f"{what} of a model is {value!r}; allowed are {', '.join(values)}")

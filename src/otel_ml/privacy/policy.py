"""The one policy that decides what leaves the process, for every signal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from otel_ml.config import Config
from otel_ml.privacy.actions import CHECK, DROP, MASKED, Actions, Scalar, exact, repaired
from otel_ml.privacy.cache import TwoGenerationCache
from otel_ml.privacy.globs import Globs
from otel_ml.privacy.labels import NAME_LIMIT, Labels, printable
from otel_ml.privacy.names import NameRules
from otel_ml.privacy.plan import FeaturePlan

_PLAN_BUDGET: Final = 65_536  # features, or 64 characters of their names, over all schemas that are remembered


class Policy:
    """What may leave, compiled from a configuration.

    In this order: `capture`, `feature_deny`, `feature_allow`, `feature_actions`, sensitive names (unless `unmask`),
    `max_features`, sensitive values.

    Attributes:
        captures_outputs: Whether outputs leave at all.
        captures_features: Whether any feature value does.

    Example:
        >>> plan = Policy(Config()).plan(("age", "email", "note"))
        >>> plan.attributes([41, "ann@example.com", "call 4111 1111 1111 1111"])
        ({'ml.feature.value.age': 41, 'ml.feature.value.email': '[masked]', 'ml.feature.value.note': '[masked]'}, 0)
    """

    def __init__(self, config: Config) -> None:
        self.captures_outputs = config.capture != "off"
        self.captures_features = config.capture in ("known", "all")
        self._known_only = config.capture == "known"
        self._limit = config.max_features
        self._hash_key = config.hash_key
        self._if_sensitive = config.privacy_action
        self._deny = Globs(config.feature_deny)
        self._allow = Globs(config.feature_allow)
        self._unmask = Globs(config.unmask)
        self._explicit = [(Globs([glob]), action) for glob, action in config.feature_actions.items()]
        self._names = NameRules(config.mask_words)
        self._actions = Actions(config)
        self._plans: TwoGenerationCache[tuple[tuple[str, ...], frozenset[str] | None], FeaturePlan]
        self._plans = TwoGenerationCache(_PLAN_BUDGET)

    def plan(self, names: tuple[str, ...], known: frozenset[str] | None = None) -> FeaturePlan:
        """How the features of one schema leave.

        Args:
            names: The features, in the order in which rows hold their values.
            known: The features that the model or its registration names; they matter where only these are captured.
        """
        key = (names, known if self._known_only else None)
        plan = self._plans.get(key)
        if plan is None:
            decide = partial(self._decide, known=known or frozenset())
            plan = FeaturePlan(names, decide, self._limit, Labels(self._hash_key), self._actions)
            self._plans.put(key, plan, 8 + len(names) + sum(map(len, names)) // 64)
        return plan

    def text(self, value: str) -> str:
        """A text from an output, a label or the caller, as it may leave: masked, cut, encodable."""
        plain = exact(value)
        if not isinstance(plain, str):
            return MASKED
        result = self._actions.text(plain)
        return MASKED if result is None else result

    def field(self, name: str, value: object) -> Scalar | None:
        """A named value of an output, as it may leave; None where it may not. Names are judged as features' are."""
        return self._actions.apply(self._by_name(name), value)

    def identifier(self, value: str) -> str:
        """A name that the user chose, such as a model's: printable and at most 256 characters, but never masked."""
        return printable(repaired(str(exact(value))[:NAME_LIMIT]))[:NAME_LIMIT]

    def _decide(self, name: str, known: frozenset[str]) -> str:
        """The action for a feature's name."""
        if not self.captures_features or (self._known_only and name not in known):
            return DROP
        if self._allow and not self._allow.match(name):
            return DROP
        return self._by_name(name)

    def _by_name(self, name: str) -> str:
        if self._deny.match(name):
            return DROP
        for globs, action in self._explicit:
            if globs.match(name):
                return action
        if self._names.find(name) and not self._unmask.match(name):
            return self._if_sensitive
        return CHECK


def approximate_size(attributes: Mapping[str, object]) -> int:
    """About how many bytes attributes take when encoded; at most a tenth below the true size."""
    size = 0
    for key, value in attributes.items():
        size += len(key) + 8 + _size(value)
    return size


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (tuple, list)):
        return sum(map(_size, value)) + 4 * len(value)
    return 9

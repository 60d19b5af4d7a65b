"""How the features of one schema leave the process; everything that depends on names only is done once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from otel_ml.privacy.actions import CHECK, DROP, KEEP, ORDINARY, Actions
from otel_ml.privacy.labels import Labels
from otel_ml.semconv.attributes import ML_FEATURE_VALUE_TEMPLATE

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

_NoneType: Final = type(None)
_NUMBERS: Final = frozenset((float, int, bool))
_NUMBERS_OR_NULLS: Final = _NUMBERS | {_NoneType}


class FeaturePlan:
    """One feature schema under one policy.

    Args:
        names: The features, in the order in which rows hold their values.
        decide: The policy's action for a feature's name.
        limit: How many features are captured.
        labels: A fresh namer.
        actions: Applies actions to values.
    """

    __slots__ = (
        "_actions",
        "_captured",
        "_checked_only",
        "_decide",
        "_decided",
        "_keys",
        "_labels",
        "_pick",
        "_pick_others",
        "_safe",
        "names",
    )

    def __init__(
        self, names: tuple[str, ...], decide: Callable[[str], str], limit: int, labels: Labels, actions: Actions
    ) -> None:
        self.names = names
        self._decide = decide
        self._actions = actions
        self._labels = labels
        # Only as many names are looked at as are captured: a hostile mapping may have thousands.
        self._decided: dict[int, str] = {}
        for index, name in enumerate(names):
            if len(self._decided) >= limit:
                break
            action = decide(name)
            if action != DROP:
                self._decided[index] = action
        self._captured = self._decided.keys()
        self._checked_only = all(action in (CHECK, KEEP) for action in self._decided.values())
        self._safe = {index: labels.name(names[index]) for index in self._decided}
        self._keys = tuple(f"{ML_FEATURE_VALUE_TEMPLATE}.{name}" for name in self._safe.values())
        self._pick = _picker(tuple(self._decided), len(names))
        self._pick_others = _picker(tuple(i for i in range(len(names)) if i not in self._decided), len(names))

    def attributes(self, values: Sequence[object]) -> tuple[dict[str, AttributeValue], int]:
        """The attributes of one row.

        Args:
            values: Plain Python values in the order of `names`; None is null.

        Returns:
            The attributes of the captured features that are not null, and how many values that are not null were not
            captured, because of a cap or the policy.
        """
        if len(values) != len(self.names):
            values = [*values, *[None] * len(self.names)][: len(self.names)]
        others = self._pick_others(values)
        dropped = len(others) - list(map(type, others)).count(_NoneType) if others else 0
        picked = self._pick(values)
        kinds = set(map(type, picked))
        if self._checked_only and kinds <= _NUMBERS_OR_NULLS:
            if kinds <= _NUMBERS:
                attributes: dict[str, Any] = dict(zip(self._keys, picked, strict=False))
            else:
                attributes = {k: v for k, v in zip(self._keys, picked, strict=False) if v is not None}
            if not attributes or _ordinary(attributes.values()):
                return attributes, dropped
        return self._one_by_one(picked, dropped)

    def _one_by_one(self, picked: Sequence[Any], dropped: int) -> tuple[dict[str, AttributeValue], int]:
        attributes: dict[str, AttributeValue] = {}
        apply, text = self._actions.apply, self._actions.text
        result: AttributeValue | None
        for key, action, value in zip(self._keys, self._decided.values(), picked, strict=False):
            if value is None:
                continue
            kind = type(value)
            if kind is float:
                if action == CHECK and -ORDINARY < value < ORDINARY:
                    attributes[key] = value
                    continue
                if math.isnan(value):
                    continue
            result = text(value) if kind is str and action == CHECK else apply(action, value)
            if result is None:
                dropped += 1
            else:
                attributes[key] = result
        return attributes, dropped

    def captured(self, index: int) -> bool:
        """Whether rows have an attribute for this feature, be it `[masked]`."""
        return index in self._captured

    def action(self, index: int) -> str:
        """What is done with a feature's values: check, keep, drop, mask, hash or round, caps aside."""
        return self._decided.get(index) or self._decide(self.names[index])

    def safe_name(self, index: int) -> str:
        """The feature's name in telemetry: printable, without dots, distinct within the schema, 256 characters at most.

        A name that itself looks like an e-mail address or a key is `masked_` and a short hash.
        """
        safe = self._safe.get(index)
        if safe is None:
            self._label_others()
            safe = self._safe[index]
        return safe

    def _label_others(self) -> None:
        """Names what is not captured, after what is; put off because few schemas need it in the caller's thread."""
        labels = self._labels.copy()  # two threads may be here at once: both come to the same names
        others = {i: labels.name(name) for i, name in enumerate(self.names) if i not in self._captured}
        self._safe = {**self._safe, **others}


def _ordinary(numbers: Collection[Any]) -> bool:
    """Whether numbers can leave without a look at each: no NaN, and none as large as a card number."""
    if not (min(numbers) > -ORDINARY and max(numbers) < ORDINARY):
        return False
    total = sum(numbers)
    return bool(total == total)  # a NaN anywhere makes the sum one


def _picker(indexes: tuple[int, ...], size: int) -> Callable[[Sequence[object]], Sequence[object]]:
    if len(indexes) == size:
        return lambda values: values
    if len(indexes) > 1:
        return itemgetter(*indexes)
    return lambda values: [values[index] for index in indexes]
